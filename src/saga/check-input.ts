import { refuse, show } from '../kernel/options.js';
import { issuesOf, issuesText } from '../kernel/schema-issues.js';
import type { StandardSchema } from '../kernel/standard-schema.js';
import { SagaRefusedError } from './saga-errors.js';
import { isSaga, type SagaData } from './saga-node.js';
import { storable } from './storable.js';

/**
 * A frozen copy of a value: at once where there is no schema that may have to be waited for.
 *
 * @throws TypeError that says what is wrong with it: by the schema, or because JSON cannot hold it.
 */
export function checkData(
  what: string,
  schema: StandardSchema | undefined,
  value: unknown,
  mostCharacters: number,
): unknown {
  return schema === undefined
    ? storable(value, what, mostCharacters)
    : checkBySchema(what, schema, value, mostCharacters);
}

async function checkBySchema(
  what: string,
  schema: StandardSchema,
  value: unknown,
  mostCharacters: number,
): Promise<unknown> {
  const result = await schema['~standard'].validate(value);
  if (result.issues === undefined) return storable(result.value, what, mostCharacters);
  throw new TypeError(`${what}: ${issuesText(issuesOf(result.issues), result.issues.length)}`);
}

/** What a saga begins with, checked and frozen. */
export function checkInput(definition: SagaData, input: unknown, most: number): unknown {
  return checkData(`the input of "${definition.name}"`, definition.input, input, most);
}

/**
 * @throws TypeError when it is no definition, `ERR_SAGA_REFUSED` when it is not one of those that are known.
 */
export function knownSaga(verb: string, definitions: readonly SagaData[], definition: unknown): SagaData {
  const known = definitions.find(one => one === definition);
  if (known !== undefined) return known;
  if (!isSaga(definition)) return refuse(verb, 'definition', 'a saga definition', definition);
  throw new SagaRefusedError(`${verb}: "${definition.name}" is not one of the \`definitions\``);
}

/** Keys and names: what an index of a store still takes. */
const LONGEST_TEXT = 256;
/** With the steps of sagas within it behind, an id is still one that a barrier takes. */
const LONGEST_BEGUN = 128;
/** What somebody says for the record, and the id of a saga deep within others. */
export const LONGEST_SAID = 1_000;

/** @throws TypeError when it is no text, an empty one, or longer than `most` characters. */
export function checkText(verb: string, option: string, text: unknown, most = LONGEST_TEXT): string {
  return typeof text === 'string' && text !== '' && text.length <= most
    ? text
    : refuse(verb, option, `a text of 1 to ${most} characters`, text);
}

/**
 * @throws TypeError when it is no text, an empty one, or too long; `ERR_SAGA_REFUSED` when it is like the id
 * of a saga within a saga, `parent/step`: that would be taken for it.
 */
export function checkSagaId(verb: string, id: unknown): string {
  const text = checkText(verb, 'id', id, LONGEST_BEGUN);
  if (!text.includes('/')) return text;
  throw new SagaRefusedError(`${verb}: the id ${show(id)} has a "/", as only sagas within sagas have`);
}
