import { refuse, show } from '../kernel/options.js';
import { issuesOf, issuesText } from '../kernel/schema-issues.js';
import type { StandardSchema } from '../kernel/standard-schema.js';
import { SagaRefusedError } from './saga-errors.js';
import { isSaga, type SagaData } from './saga-node.js';
import type { SagaRecord, SignalTarget } from './saga-store.js';
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

/** @throws TypeError when it is neither an id nor a definition and a key. */
export function signalTarget(saga: unknown): SignalTarget {
  if (typeof saga === 'string') return { id: checkText('signal', 'saga', saga) };
  const { definition, key } = Object(saga) as Partial<Record<string, unknown>>;
  return { definition: checkText('signal', 'definition', definition), key: checkText('signal', 'key', key) };
}

/** @throws TypeError when it is no text, or an empty one. */
export function checkText(verb: string, option: string, text: unknown): string {
  return typeof text === 'string' && text !== ''
    ? text
    : refuse(verb, option, 'a text that is not empty', text);
}

/**
 * @throws TypeError when it is no text, or an empty one; `ERR_SAGA_REFUSED` when it is like the id of a saga
 * within a saga, `parent/step`: that would be taken for it.
 */
export function checkSagaId(verb: string, id: unknown): string {
  const text = checkText(verb, 'id', id);
  if (!text.includes('/')) return text;
  throw new SagaRefusedError(`${verb}: the id ${show(id)} has a "/", as only sagas within sagas have`);
}

/** @throws `ERR_SAGA_REFUSED`, unless what was asked for is so, or it is over. */
export function refuseCancel(id: string, record: SagaRecord | undefined): void {
  if (record?.state.direction === 'backward' || record?.status === 'completed') return;
  const parked = record?.status === 'parked';
  const why = parked ? 'is parked: see `forceCompensate`' : 'cannot be undone any more';
  throw new SagaRefusedError(`cancel: the saga ${id} ${why}`);
}
