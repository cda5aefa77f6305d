import ts from 'typescript';
import { exportsOf } from '../program.js';
import { ruleOf, samples } from './gateway-samples.js';
import { ruleSchema, type Schema } from './schema.js';

/** What no type says. */
const written: Readonly<Record<string, Schema>> = {
  'ApiGatewayConfig.budgets': { type: 'object', additionalProperties: { $ref: '#/$defs/retry-budget' } },
};

/**
 * The schema of a config of `gatewayFrom`: its shape is that of the type `ApiGatewayConfig`, the bounds of
 * numbers are those that the reader tells, policies are those of `policies`, the schema of a pipeline. What
 * is no data, as functions are, is left out.
 */
export function gatewaySchema(program: ts.Program, policies: Schema): Schema {
  const maker = new SchemaMaker(program.getTypeChecker());
  const symbol = exportsOf(program, 'src/gateway.ts').get('ApiGatewayConfig')!;
  const root = maker.fieldsOf(program.getTypeChecker().getDeclaredTypeOfSymbol(symbol), 'ApiGatewayConfig');
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'A gateway of keelson',
    ...root,
    $defs: {
      ...Object.fromEntries([...maker.definitions].sort(([a], [b]) => (a < b ? -1 : 1))),
      ...(policies['$defs'] as object),
    },
  };
}

class SchemaMaker {
  readonly definitions = new Map<string, Schema>();
  readonly #checker: ts.TypeChecker;

  constructor(checker: ts.TypeChecker) {
    this.#checker = checker;
  }

  /** The schema of an object; `undefined` where a field that must be there is no data. */
  fieldsOf(type: ts.Type, name: string): Schema | undefined {
    const properties: [string, Schema][] = [];
    const required: string[] = [];
    for (const property of this.#checker.getPropertiesOfType(type)) {
      const isOptional = (property.flags & ts.SymbolFlags.Optional) !== 0;
      const schema =
        written[`${name}.${property.name}`] ??
        this.#schemaOf(this.#checker.getTypeOfSymbol(property), name, property.name);
      if (schema === undefined) {
        if (!isOptional) return undefined;
        continue;
      }
      if (!isOptional) required.push(property.name);
      properties.push([
        property.name,
        { ...this.#wordsOf(property), ...schema, ...this.#defaultOf(property) },
      ]);
    }
    return {
      type: 'object',
      properties: Object.fromEntries(properties),
      ...(required.length > 0 && { required }),
      additionalProperties: false,
    };
  }

  #schemaOf(type: ts.Type, owner: string, field: string): Schema | undefined {
    if (type.flags & ts.TypeFlags.Unknown) return {};
    if (type.isUnion()) return this.#union(type.types, owner, field);
    return this.#plain(type, owner, field) ?? this.#object(type, owner, field);
  }

  #plain(type: ts.Type, owner: string, field: string): Schema | undefined {
    if (type.flags & ts.TypeFlags.StringLike)
      return type.isStringLiteral() ? { const: type.value } : { type: 'string' };
    if (type.flags & ts.TypeFlags.BooleanLiteral) {
      return { const: this.#checker.typeToString(type) === 'true' };
    }
    if (type.flags & ts.TypeFlags.Null) return { type: 'null' };
    if (!(type.flags & ts.TypeFlags.NumberLike)) return undefined;
    if (type.isNumberLiteral()) return { const: type.value };
    return (
      ruleSchema(samples[owner] === undefined ? '' : ruleOf(owner, field), () => true) ?? { type: 'number' }
    );
  }

  #union(types: readonly ts.Type[], owner: string, field: string): Schema | undefined {
    const given = types.filter(({ flags }) => !(flags & ts.TypeFlags.Undefined));
    const schemas = given
      .map(type => this.#schemaOf(type, owner, field))
      .filter(schema => schema !== undefined);
    const constants = schemas.flatMap(schema => ('const' in schema ? [schema['const']] : []));
    const isFlag = constants.includes(true) && constants.includes(false);
    const words = constants.filter(value => !isFlag || typeof value !== 'boolean');
    const rest = schemas.filter(schema => !('const' in schema));
    // A number that may be infinite says by itself that it may be null.
    const all = [
      ...(isFlag ? [{ type: 'boolean' }] : []),
      ...(words.length === 0 ? [] : [words.length === 1 ? { const: words[0] } : { enum: words }]),
      ...rest.filter(({ type }) => type !== 'null' || !rest.some(one => Array.isArray(one['type']))),
    ];
    if (all.length === 0) return undefined;
    return all.length === 1 ? all[0] : { anyOf: all };
  }

  #object(type: ts.Type, owner: string, field: string): Schema | undefined {
    if (this.#checker.isArrayLikeType(type)) {
      const [item] = this.#checker.getTypeArguments(type as ts.TypeReference);
      // Lists of what is not known are lists of policies.
      if (item!.flags & ts.TypeFlags.Unknown) return { type: 'array', items: { $ref: '#/$defs/policy' } };
      const items = this.#schemaOf(item!, owner, field);
      return items && { type: 'array', items };
    }
    if (type.getCallSignatures().length > 0) return undefined;
    const index = this.#checker.getIndexInfoOfType(type, ts.IndexKind.String);
    if (index !== undefined) {
      const values = this.#schemaOf(index.type, owner, field);
      return values && { type: 'object', additionalProperties: values };
    }
    return this.#named(type);
  }

  #named(type: ts.Type): Schema | undefined {
    const { name = '__type' } = type.symbol ?? {};
    if (name === '__type') return this.fieldsOf(type, '');
    if (!this.definitions.has(name)) {
      const schema = this.fieldsOf(type, name);
      if (schema === undefined) return undefined;
      this.definitions.set(name, { ...this.#wordsOf(type.symbol), ...schema });
    }
    return { $ref: `#/$defs/${name}` };
  }

  #wordsOf(symbol: ts.Symbol): Schema {
    const parts = symbol.getDocumentationComment(this.#checker).map(({ text }) => text);
    const description = parts.join('').replace(/\s+/g, ' ');
    return description === '' ? {} : { description };
  }

  #defaultOf(symbol: ts.Symbol): Schema {
    const tag = symbol.getJsDocTags(this.#checker).find(({ name }) => name === 'default');
    const text = tag?.text?.map(part => part.text).join('') ?? '';
    if (/^'[^']*'$/.test(text)) return { default: text.slice(1, -1) };
    if (/^[\d_.]+$/.test(text)) return { default: Number(text.replaceAll('_', '')) };
    return /^(true|false|\[\]|\{\})$/.test(text) ? { default: JSON.parse(text) as unknown } : {};
  }
}
