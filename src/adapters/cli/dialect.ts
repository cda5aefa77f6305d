import type { ServiceFacts } from './service-facts.js';

/** What of a service decides how its starting file is written. */
export type StarterStyle = Pick<ServiceFacts, 'typescript' | 'esm' | 'framework'>;

/** How a file is written in one language and one kind of modules. */
export interface Dialect {
  /** Text that only TypeScript has: a type. */
  type(text: string): string;
  /** What stands before a declaration that others may use. */
  readonly exported: string;
  /** A line that brings names in from a package. */
  imports(names: readonly string[], from: string): string;
  /** The same for names of types; nothing in JavaScript. */
  importsTypes(names: readonly string[], from: string): string;
}

/** The way that files of a service are written. */
export function dialectOf({ typescript, esm }: StarterStyle): Dialect {
  const modules = typescript || esm;
  return {
    type: text => (typescript ? text : ''),
    exported: modules ? 'export ' : '',
    imports: (names, from) =>
      modules
        ? `import { ${names.join(', ')} } from '${from}';\n`
        : `const { ${names.join(', ')} } = require('${from}');\n`,
    importsTypes: (names, from) =>
      typescript ? `import type { ${names.join(', ')} } from '${from}';\n` : '',
  };
}
