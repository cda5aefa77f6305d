import type { HeaderForm } from './cloud-event-binary.js';
import { headerValue } from './cloud-event-headers.js';
import { canonicalText } from './cloud-event-rules.js';
import { decodeHeaderValue, encodeHeaderValue } from './percent-encoding.js';

/** Attributes in `ce-` headers with percent-encoded values, as HTTP and NATS have them. */
export const ceForm: HeaderForm = {
  prefixes: ['ce-'],
  ignoresCase: true,
  write: value => encodeHeaderValue(canonicalText(value)),
  read: (attribute, value) => decodeHeaderValue(attribute, headerValue(attribute, value)),
};
