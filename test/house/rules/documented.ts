import ts from 'typescript';
import { exportsOf, pathOf } from '../program.js';

/** What a user can reach by name says what it is: exports, and public members of classes and types. */
export function documented(program: ts.Program, entries: readonly string[]): string[] {
  const checker = program.getTypeChecker();
  const found = new Set<string>();
  const check = (symbol: ts.Symbol, name: string): void => {
    const declaration = symbol.declarations?.[0];
    if (declaration === undefined || isHidden(declaration) || hasDoc(symbol, checker)) return;
    const file = declaration.getSourceFile();
    const line = file.getLineAndCharacterOfPosition(declaration.getStart()).line + 1;
    found.add(`${pathOf(file)}:${line} ${name} says nothing: write what it is, its unit, default and errors`);
  };
  for (const entry of entries) {
    for (const [name, symbol] of exportsOf(program, entry)) {
      check(symbol, name);
      for (const member of membersOf(symbol)) check(member, `${name}.${member.name}`);
    }
  }
  return [...found];
}

/** A member says what the one that it implements says; what overrides a member of `Error` needs no words. */
function hasDoc(symbol: ts.Symbol, checker: ts.TypeChecker): boolean {
  if (symbol.getDocumentationComment(checker).length > 0) return true;
  return (symbol.declarations ?? []).some(
    node => (ts.getCombinedModifierFlags(node) & ts.ModifierFlags.Override) !== 0,
  );
}

function isHidden(node: ts.Declaration): boolean {
  const isPrivate = (ts.getCombinedModifierFlags(node) & ts.ModifierFlags.Private) !== 0;
  const name = ts.getNameOfDeclaration(node);
  const isInternal = ts.getJSDocTags(node).some(tag => tag.tagName.text === 'internal');
  return isPrivate || isInternal || (name !== undefined && ts.isPrivateIdentifier(name));
}

function membersOf(symbol: ts.Symbol): ts.Symbol[] {
  return (symbol.declarations ?? [])
    .flatMap(node => {
      if (ts.isClassDeclaration(node) || ts.isInterfaceDeclaration(node)) return [...node.members];
      if (ts.isTypeAliasDeclaration(node) && ts.isTypeLiteralNode(node.type)) return [...node.type.members];
      return [];
    })
    .flatMap(node => (node.name && 'symbol' in node ? [node.symbol as ts.Symbol] : []));
}
