import { RecordTooLargeError } from '../../kernel/bus-errors.js';
import type { OutRecord, PublishOutcome } from '../../messaging/driver.js';
import type { JetStreamApi } from './jetstream-api.js';
import { type WrittenHeaders, writeHeaders } from './jetstream-headers.js';
import { streamOf, subjectOf } from './jetstream-names.js';
import { failed } from './nats-failures.js';

/** Publishes a batch: all at once, in their order, with an outcome for each. */
export function publishRecords(
  api: JetStreamApi,
  prefix: string,
  records: readonly OutRecord[],
): Promise<readonly PublishOutcome[]> {
  return Promise.all(records.map(record => publishOne(api, prefix, record)));
}

async function publishOne(api: JetStreamApi, prefix: string, record: OutRecord): Promise<PublishOutcome> {
  try {
    const written = writeHeaders(record, streamOf(prefix));
    checkSize(api, record.topic, record.body, written);
    const { seq, duplicate } = await api.store(subjectOf(prefix, record.topic), record.body, written);
    return { ok: true, position: String(seq), duplicate: duplicate === true };
  } catch (error) {
    return failed(error);
  }
}

/** @throws RecordTooLargeError for what the server would end the connection for. */
export function checkSize(api: JetStreamApi, topic: string, body: Uint8Array, written: WrittenHeaders): void {
  const most = api.link.client.info?.max_payload ?? Infinity;
  const size = body.byteLength + written.bytes;
  if (size <= most) return;
  const text = `nats: ${topic}: ${size} bytes with its headers as they are encoded, the server takes ${most}`;
  throw new RecordTooLargeError(text, { policy: 'nats' });
}
