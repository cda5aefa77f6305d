import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeBase64, encodeBase64 } from '../../src/messaging/base64.js';
import { type CloudEvent, cloudEvent } from '../../src/messaging/cloud-event.js';
import { cloudEventFromAmqp, cloudEventToAmqp } from '../../src/messaging/cloud-event-amqp.js';
import {
  cloudEventFromHttp,
  cloudEventsFromHttp,
  cloudEventsToHttp,
  cloudEventToHttp,
} from '../../src/messaging/cloud-event-http.js';
import { cloudEventFromJson, cloudEventToJson } from '../../src/messaging/cloud-event-json.js';
import { cloudEventFromKafka, cloudEventToKafka } from '../../src/messaging/cloud-event-kafka.js';
import { cloudEventFromMqtt, cloudEventToMqtt } from '../../src/messaging/cloud-event-mqtt.js';
import { cloudEventFromNats, cloudEventToNats } from '../../src/messaging/cloud-event-nats.js';
import { decodeHeaderValue, encodeHeaderValue } from '../../src/messaging/percent-encoding.js';
import {
  childTraceContext,
  formatTraceContext,
  parseTraceContext,
} from '../../src/messaging/trace-context.js';
import { anyEvent } from '../fixtures/cloud-events.js';

type Write = (event: CloudEvent) => object;
/** Both ways of each binding in each mode. */
const bindings: [string, Write, (message: never) => CloudEvent][] = [
  ['HTTP, binary', cloudEventToHttp, cloudEventFromHttp],
  ['HTTP, structured', event => cloudEventToHttp(event, { mode: 'structured' }), cloudEventFromHttp],
  ['HTTP, batched', event => cloudEventsToHttp([event]), message => cloudEventsFromHttp(message)[0]!],
  ['AMQP, binary', cloudEventToAmqp, cloudEventFromAmqp],
  ['AMQP, structured', event => cloudEventToAmqp(event, { mode: 'structured' }), cloudEventFromAmqp],
  ['NATS, binary', cloudEventToNats, cloudEventFromNats],
  ['NATS, structured', event => cloudEventToNats(event, { mode: 'structured' }), cloudEventFromNats],
  ['Kafka, binary', cloudEventToKafka, cloudEventFromKafka],
  ['Kafka, structured', event => cloudEventToKafka(event, { mode: 'structured' }), cloudEventFromKafka],
  ['MQTT, binary', cloudEventToMqtt, cloudEventFromMqtt],
  ['MQTT, structured', event => cloudEventToMqtt(event, { mode: 'structured' }), cloudEventFromMqtt],
];

const asBase64 = (value: unknown): unknown => (value instanceof Uint8Array ? encodeBase64(value) : value);
/** The event with attributes as canonical texts, which is what is left of types in binary mode. */
const canonical = ({ data, ...attributes }: CloudEvent): CloudEvent => {
  const texts = Object.fromEntries(
    Object.entries(attributes).map(([name, value]) => [name, String(asBase64(value))]),
  );
  return cloudEvent({ ...(texts as unknown as CloudEvent), ...(data === undefined ? {} : { data }) });
};

describe.each(bindings)('%s', (_, write, read) => {
  it('brings back every event, and the same bytes when it is written again', () => {
    fc.assert(
      fc.property(anyEvent, event => {
        const message = write(event);
        const back = read(message as never);
        expect(canonical(back)).toEqual(canonical(event));
        expect(Object.keys(back).sort()).toEqual(Object.keys(event).sort());
        expect(write(back)).toEqual(message);
      }),
      { numRuns: 300 },
    );
  });

  it('leaves the event as it was', () => {
    fc.assert(
      fc.property(anyEvent, event => {
        const before = cloudEventToJson(event);
        write(event);
        expect(cloudEventToJson(event)).toBe(before);
      }),
      { numRuns: 50 },
    );
  });
});

describe('an event', () => {
  it('keeps the types of its attributes in JSON and, but for bytes, in AMQP', () => {
    fc.assert(
      fc.property(anyEvent, event => {
        const typed = Object.fromEntries(
          Object.entries(event).map(([name, value]) => [name, name === 'data' ? value : asBase64(value)]),
        );
        expect(cloudEventFromJson(cloudEventToJson(event))).toEqual(typed);
        expect(cloudEventFromAmqp(cloudEventToAmqp(event))).toEqual(typed);
      }),
    );
  });

  it('goes through Headers, and through another protocol on its way', () => {
    fc.assert(
      fc.property(anyEvent, event => {
        const { headers, body } = cloudEventToHttp(event);
        const back = cloudEventFromHttp({ headers: new Headers(headers), body });
        expect(canonical(back)).toEqual(canonical(event));
        const around = cloudEventFromKafka(cloudEventToKafka(cloudEventFromMqtt(cloudEventToMqtt(back))));
        expect(around).toEqual(back);
      }),
    );
  });
});

describe('an encoding', () => {
  it('of bytes in base64 is that of Node, and back', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), bytes => {
        expect(encodeBase64(bytes)).toBe(Buffer.from(bytes).toString('base64'));
        expect(decodeBase64(encodeBase64(bytes))).toEqual(bytes);
      }),
    );
  });

  it('in base64 is understood where it is the only one of its bytes', () => {
    const near = fc.string({ unit: fc.constantFrom(...'Aa09+/=QZ-_ '), maxLength: 12 });
    fc.assert(
      fc.property(near, text => {
        const wanted = Buffer.from(text, 'base64').toString('base64') === text;
        expect(decodeBase64(text) !== undefined).toBe(wanted);
      }),
      { numRuns: 2_000 },
    );
  });

  it('of header values takes every text that is well formed, and is printable', () => {
    const wellFormed = fc.string({ unit: 'binary' }).map(text => text.replace(/\p{Cs}/gu, '~'));
    fc.assert(
      fc.property(wellFormed, text => {
        const header = encodeHeaderValue(text);
        expect(header).toMatch(/^[!#-~]*$/);
        expect(decodeHeaderValue('subject', header)).toBe(text);
        const lower = header.replace(/%../g, found => found.toLowerCase());
        expect(decodeHeaderValue('subject', lower)).toBe(text);
      }),
    );
  });
});

it('a trace context is read as it was written', () => {
  const key = fc
    .string({ unit: fc.constantFrom(...'az09_-*/@'), minLength: 1, maxLength: 20 })
    .map(k => `a${k}`);
  const value = fc.string({ unit: fc.constantFrom(...' !+-<>~aZ'), maxLength: 20 }).map(v => `${v}.`);
  const state = fc.uniqueArray(fc.tuple(key, value), { selector: ([k]) => k, maxLength: 32 });
  fc.assert(
    fc.property(state, fc.boolean(), (entries, sampled) => {
      const context = { ...childTraceContext(undefined, { sampled }), state: entries };
      expect(parseTraceContext(formatTraceContext(context))).toEqual(context);
    }),
  );
});
