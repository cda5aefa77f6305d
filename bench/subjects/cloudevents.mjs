import { cloudEvent, cloudEventFromHttp, cloudEventToHttp } from '../../dist/messaging.js';

/** One event through an HTTP message and back. It is all ASCII, so that nobody has to encode anything. */
export const keelson = {
  name: 'keelson',
  load: async () => (settings, operation) => {
    const event = cloudEvent(settings.event);
    const encoding = { mode: settings.mode };
    return () => {
      operation();
      return cloudEventFromHttp(cloudEventToHttp(event, encoding));
    };
  },
};

export const reference = {
  name: 'cloudevents 10.0.0',
  load: async () => {
    const { CloudEvent, HTTP } = await import('cloudevents');
    return (settings, operation) => {
      const event = new CloudEvent(settings.event);
      const write = HTTP[settings.mode];
      return () => {
        operation();
        return HTTP.toEvent(write(event));
      };
    };
  },
};
