import { roundTrips } from '../checks/cloudevents.mjs';
import { callGroup } from '../harness/group.mjs';
import { bare } from '../subjects/bound.mjs';
import * as events from '../subjects/cloudevents.mjs';

export const group = callGroup({
  name: 'structured',
  title: 'an event into an HTTP message in structured mode, and back',
  inflight: [1],
  settings: {
    mode: 'structured',
    event: {
      id: '1234-1234-1234',
      source: '/mycontext/subcontext',
      type: 'com.example.someevent',
      subject: '123',
      time: '2018-04-05T03:56:24.000Z',
      datacontenttype: 'application/json',
      data: { orderId: 4711, customer: 'acme', lines: [{ sku: 'apple', cents: 995 }] },
    },
  },
  subjects: [bare, events.keelson, events.reference],
  check: make => roundTrips(make, group.settings),
});
