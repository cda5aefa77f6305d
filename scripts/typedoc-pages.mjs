import { renderMermaidSVG } from 'beautiful-mermaid';
import { Converter, MarkdownEvent } from 'typedoc';

/** Colours of the page, so that a diagram follows its light and dark themes. */
const colours = { bg: 'var(--color-background)', fg: 'var(--color-text)', transparent: true };

/** A page of the site is called what its first heading says, and does not say it twice. */
function nameAfterHeading(page) {
  const [first] = page.content;
  const heading = /^\s*# (.+)\n/.exec(first?.text ?? '');
  if (heading === null) throw new Error(`${page.name}: a page begins with its name, as "# Name"`);
  page.name = heading[1];
  first.text = first.text.slice(heading[0].length);
}

/** Diagrams are drawn while the site is built: it loads nothing from elsewhere and needs no script for them. */
function draw(_, diagram) {
  const svg = renderMermaidSVG(diagram, colours)
    .replace(/@import url\([^)]*\);/, '')
    // A blank line would end the block of HTML for Markdown.
    .replace(/\n\s*\n/g, '\n');
  return `<figure>\n${svg}\n</figure>\n`;
}

export function load(app) {
  app.converter.on(Converter.EVENT_CREATE_DOCUMENT, (_context, page) => nameAfterHeading(page));
  app.renderer.on(MarkdownEvent.PARSE, event => {
    event.parsedText = event.parsedText.replace(/^```mermaid\n([\s\S]*?)^```$/gm, draw);
  });
}
