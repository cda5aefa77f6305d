import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cloudEvent } from '../../src/messaging/cloud-event.js';
import { cloudEventFromAmqp } from '../../src/messaging/cloud-event-amqp.js';
import {
  cloudEventFromHttp,
  cloudEventsFromHttp,
  cloudEventToHttp,
} from '../../src/messaging/cloud-event-http.js';
import {
  cloudEventFromJson,
  cloudEventsFromJson,
  cloudEventToJson,
} from '../../src/messaging/cloud-event-json.js';
import { cloudEventFromKafka } from '../../src/messaging/cloud-event-kafka.js';
import { cloudEventFromMqtt } from '../../src/messaging/cloud-event-mqtt.js';
import { cloudEventFromNats } from '../../src/messaging/cloud-event-nats.js';
import { formatTraceContext, parseTraceContext } from '../../src/messaging/trace-context.js';
import { anyEvent } from '../fixtures/cloud-events.js';
import { awkwardNames, awkwardNumbers, effort, expectCleanPrototypes } from './effort.js';

const core = ['specversion', 'id', 'source', 'type', 'datacontenttype', 'dataschema', 'subject', 'time'];
const name = fc.oneof(
  fc.constantFrom(...core, 'data', 'data_base64', ...awkwardNames),
  fc.string({ unit: 'binary', maxLength: 6 }),
);
const types = [
  ...['application/cloudevents+json', 'Application/CloudEvents;x', 'application/cloudevents-batch+json'],
  ...[
    'application/cloudevents+avro',
    'application/json',
    'a/b+json',
    'text/plain',
    'text/x;charset=x',
    'json',
  ],
];
const texts = [
  ...[
    '1.0',
    '/a',
    'b',
    '2018-04-05T17:31:00Z',
    '%C0%A0',
    '"a',
    '"a\\',
    '%',
    'null',
    '[]',
    '[{}]',
    '{"id":1}',
  ],
  ...types,
];
const value: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(...texts, ...awkwardNumbers),
  fc.string({ unit: 'binary', maxLength: 30 }),
  fc.uint8Array({ maxLength: 30 }),
  fc.array(fc.constantFrom<unknown>('1.0', 'a', undefined, 5), { maxLength: 3 }),
  fc.constantFrom<unknown>(
    { '!': 'timestamp', value: 'x' },
    { '!': 'timestamp', value: 1e9 },
    new Date(Number.NaN),
  ),
);
const prefixed = fc
  .tuple(fc.constantFrom('', 'ce-', 'CE-', 'ce_', 'cloudEvents_', 'cloudEvents:'), name)
  .map(([prefix, rest]) => prefix + rest);
const header = fc.oneof(prefixed, fc.constantFrom('content-type', 'Content-Type'));
const pairs = fc.array(fc.tuple(header, value), { maxLength: 12 });
/** All that a valid event needs under every prefix, so that what follows is reached. */
const whole = ['', 'ce-', 'ce_', 'cloudEvents_'].flatMap(prefix =>
  Object.entries({ specversion: '1.0', id: '1', source: 'a', type: 'b' }).map(
    ([key, told]) => [prefix + key, told] as [string, unknown],
  ),
);
const headers = fc.oneof(
  pairs,
  pairs.map(list => Object.fromEntries(list)),
  pairs.map(list => Object.fromEntries([...whole, ...list])),
  pairs.map(list => new Map([...whole, ...list])),
  value,
);
/** JSON that is right, or was before something happened to it. */
const json = fc
  .tuple(anyEvent, fc.nat(200), fc.nat(3), fc.string({ unit: 'binary', maxLength: 3 }), fc.boolean())
  .map(([event, at, cut, put, batch]) => {
    const text = batch ? `[${cloudEventToJson(event)}]` : cloudEventToJson(event);
    return text.slice(0, at) + put + text.slice(at + cut);
  });
const object = fc.array(fc.tuple(name, fc.oneof(value, fc.jsonValue())), { maxLength: 8 }).map(entries => {
  const told = Object.fromEntries([
    ...Object.entries({ specversion: '1.0', id: '1', source: 'a', type: 'b' }),
    ...entries,
  ]);
  try {
    return JSON.stringify(told);
  } catch {
    return '{';
  }
});
const body = fc.oneof(json, object, fc.uint8Array({ maxLength: 60 }), value);

/** What was done, or `undefined` where it ended in the one error that there is. */
function attempt<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    expect(error).toMatchObject({ code: 'ERR_CLOUD_EVENT', name: 'CloudEventError' });
    return undefined;
  }
}

/** What was read can be written, and is the same when it is read again; all else is one kind of error. */
function answers(read: () => unknown): void {
  const events = attempt(read) ?? [];
  for (const event of (Array.isArray(events) ? events : [events]) as Parameters<
    typeof cloudEventToJson
  >[0][]) {
    expect(Object.isFrozen(event)).toBe(true);
    expect(cloudEvent(event)).toEqual(event);
    const text = cloudEventToJson(event);
    expect(cloudEventToJson(cloudEventFromJson(text))).toBe(text);
    // Text of a foreign charset, and an event in an event, are not for binary mode.
    const message = attempt(() => cloudEventToHttp(event));
    if (message !== undefined) cloudEventFromHttp(message);
  }
}

describe('any message', () => {
  it('is an event or a CloudEventError', () => {
    fc.assert(
      fc.property(headers, body, (given, bytes) => {
        const told = given as never;
        answers(() => cloudEventFromHttp({ headers: told, body: bytes as never }));
        answers(() => cloudEventsFromHttp({ headers: told, body: bytes as never }));
        answers(() => cloudEventFromNats({ headers: told, data: bytes as never }));
        answers(() => cloudEventFromKafka({ headers: told, value: bytes as never }));
        answers(() => cloudEventFromMqtt({ properties: { userProperties: told }, payload: bytes as never }));
        answers(() => cloudEventFromAmqp({ properties: { headers: told }, content: bytes as never }));
      }),
      effort(1_500),
    );
    expectCleanPrototypes();
  });

  it('is an event or a CloudEventError by any content type, and whatever it is', () => {
    fc.assert(
      fc.property(fc.oneof(fc.constantFrom<unknown>(...types), value), body, value, (type, bytes, odd) => {
        const properties = { contentType: type as never, headers: whole, userProperties: whole };
        answers(() => cloudEventFromAmqp({ properties, content: bytes as never }));
        answers(() => cloudEventFromMqtt({ properties, payload: bytes as never }));
        const all = [cloudEventFromAmqp, cloudEventFromHttp, cloudEventFromKafka, cloudEventFromMqtt];
        for (const read of [...all, cloudEventFromNats]) answers(() => read(odd as never));
      }),
      effort(1_500),
    );
  });

  it('of JSON is an event or a CloudEventError', () => {
    fc.assert(
      fc.property(body, text => {
        answers(() => cloudEventFromJson(text as never));
        answers(() => cloudEventsFromJson(text as never));
      }),
      effort(3_000),
    );
    expectCleanPrototypes();
  });
});

it('any object is an event or a CloudEventError', () => {
  const told = fc.array(fc.tuple(name, value), { maxLength: 8 }).map(list => Object.fromEntries(list));
  fc.assert(
    fc.property(fc.oneof(told, value), init => {
      try {
        cloudEvent(init as never);
      } catch (error) {
        expect(error).toMatchObject({ code: 'ERR_CLOUD_EVENT' });
      }
    }),
    effort(3_000),
  );
  expectCleanPrototypes();
});

it('any trace headers are a context that can be written, or nothing', () => {
  const hex = fc.string({ unit: fc.constantFrom(...'00123abcdefAF-'), maxLength: 40 });
  const near = fc.tuple(hex, fc.nat(60), fc.nat(2)).map(([put, at, cut]) => {
    const text = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    return text.slice(0, at) + put.slice(0, 2) + text.slice(at + cut);
  });
  const list = fc.string({ unit: fc.constantFrom(...'abz09=,@ \t*é'), maxLength: 60 });
  fc.assert(
    fc.property(
      fc.oneof(near, hex, value),
      fc.oneof(list, fc.array(list), value),
      (traceparent, tracestate) => {
        const context = parseTraceContext({ traceparent, tracestate });
        if (context !== undefined) expect(parseTraceContext(formatTraceContext(context))).toEqual(context);
      },
    ),
    effort(5_000),
  );
});
