import { basename, dirname } from 'node:path';
import { renderMermaidSVG } from 'beautiful-mermaid';
import { Converter, MarkdownEvent, ReflectionKind } from 'typedoc';

/** Colours of the page, so that a diagram follows its light and dark themes. */
const colours = { bg: 'var(--color-background)', fg: 'var(--color-text)', transparent: true };

/** Where the folders of `docs/` stand in the navigation; what is in none of them is a guide. */
const groups = { patterns: 'Patterns', adapters: 'Adapters', from: 'Moving over', adr: 'Decisions' };

/** A page of the site is called what its first heading says, and grouped by its folder. */
function nameAfterHeading(page) {
  const heading = /^\s*# (.+)$/m.exec(page.content[0]?.text ?? '');
  if (heading === null) throw new Error(`${page.name}: a page begins with its name, as "# Name"`);
  page.name = heading[1];
  const path = page.project.files.getReflectionPath(page);
  page.frontmatter.group = groups[basename(dirname(path))] ?? 'Guides';
}

/** An entry of the package is called what one writes to import it. */
function nameAfterSpecifier(module) {
  if (!module.kindOf(ReflectionKind.Module)) return;
  module.name = module.name === 'index' ? 'keelson' : `keelson/${module.name}`;
}

/** Before the step of typedoc that turns Markdown into HTML, which listens to the same event. */
const early = 1000;

/** Diagrams are drawn while the site is built: it loads nothing from elsewhere and needs no script. */
function draw(_, diagram) {
  const svg = renderMermaidSVG(diagram, colours)
    .replace(/@import url\([^)]*\);/, '')
    // A blank line would end the block of HTML for Markdown.
    .replace(/\n\s*\n/g, '\n');
  return `<figure>\n${svg}\n</figure>\n`;
}

export function load(app) {
  app.converter.on(Converter.EVENT_CREATE_DOCUMENT, (_context, page) => nameAfterHeading(page));
  app.converter.on(Converter.EVENT_CREATE_DECLARATION, (_, part) => nameAfterSpecifier(part));
  const drawAll = event => {
    event.parsedText = event.parsedText.replace(/^```mermaid\n([\s\S]*?)^```$/gm, draw);
  };
  app.renderer.on(MarkdownEvent.PARSE, drawAll, early);
}
