import { topic } from '../messaging/topic.js';
import { upTo } from './bus-subject.js';
import type { StagedLaw } from './staged-law.js';

const codeOf = (sent: Promise<unknown>): Promise<unknown> =>
  sent.then(
    () => 'answered',
    (error: { readonly code?: string; readonly name?: string }) => error.code ?? error.name,
  );

/** That an answer finds whoever asked. */
export const requestLaws: readonly StagedLaw[] = [
  {
    name: 'brings each of 200 answers to its own request',
    needs: ({ fanOut }) => fanOut,
    check: async (stage, demand) => {
      const doubled = topic<{ readonly n: number }>(stage.topic().name);
      await stage.bus().respond(doubled, { group: 'g', concurrency: 20 } as never, ({ data }) => 2 * data.n)
        .ready;
      const bus = stage.bus();
      const answers = await Promise.all(
        upTo(200).map(n => bus.request(doubled, { n }, { timeoutMs: 20_000 })),
      );
      const wrong = answers.filter((answer, at) => answer !== 2 * (at + 1));
      demand(wrong.length === 0, 'the double of each', wrong);
    },
  },
  {
    name: 'tells whoever asks what was thrown',
    needs: ({ fanOut }) => fanOut,
    check: async (stage, demand) => {
      const asked = stage.topic();
      await stage.bus().respond(asked, { group: 'g' } as never, () => {
        throw new RangeError('no such thing');
      }).ready;
      const error = await stage
        .bus()
        .request(asked, { n: 1 })
        .catch((thrown: unknown) => thrown);
      const { code, remoteName, message } = error as { code?: string; remoteName?: string; message?: string };
      const told = [code, remoteName, message].join();
      demand(told === 'ERR_REQUEST_FAILED,RangeError,no such thing', 'the name and the message', told);
    },
  },
  {
    name: 'ends a request that nobody answers, or that is given up, and lets late answers go',
    needs: ({ fanOut }) => fanOut,
    check: async (stage, demand) => {
      const asked = stage.topic();
      await stage.bus().respond(asked, { group: 'g' } as never, () => stage.sleep(600)).ready;
      const bus = stage.bus();
      const controller = new AbortController();
      const slow = codeOf(bus.request(asked, { n: 1 }, { timeoutMs: 300 }));
      const given = codeOf(bus.request(asked, { n: 2 }, { timeoutMs: 5_000, signal: controller.signal }));
      await stage.pass(200);
      controller.abort();
      await stage.pass(200);
      const told = [await slow, await given, bus.snapshot().requesting].join();
      await stage.pass(1_500);
      demand(
        told === 'ERR_TIMEOUT,ABORT_ERR,0' || told === 'ERR_TIMEOUT,20,0',
        'a timeout and an abort',
        told,
      );
    },
  },
];
