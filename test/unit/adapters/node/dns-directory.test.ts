import { describe, expect, it, onTestFinished } from 'vitest';
import { dnsDirectory } from '../../../../src/adapters/node/dns-directory.js';
import { readAnswer, writeQuestion } from '../../../../src/adapters/node/dns-message.js';
import { systemClock } from '../../../../src/kernel/clock.js';
import { OwnDns } from '../../../fixtures/dns-server.js';

const srv = '_http._tcp.cart.example';

async function setUp(more: object = {}, services: object = { cart: { srv } }) {
  const dns = await OwnDns.make();
  let shiftMs = 0;
  // Time is moved by hand, but for the ends of questions.
  const clock = { ...systemClock, now: () => performance.now() + shiftMs };
  const servers = [`127.0.0.1:${dns.port}`];
  const directory = dnsDirectory({
    services,
    servers,
    queryTimeoutMs: 10_000,
    answerTimeoutMs: 60_000,
    clock,
    ...more,
  } as never);
  onTestFinished(async () => {
    await directory.close();
    dns.close();
  });
  dns.zone.set(`SRV ${srv}`, [
    { ttl: 30, data: '10 60 8080 a.example' },
    { ttl: 20, data: '20 0 8081 b.example' },
  ]);
  const pass = (ms: number) => {
    shiftMs += ms;
  };
  const found = async (service = 'cart') =>
    (await directory.instances(service)).map(({ address, weight }) => `${address} ${weight}`).join();
  return { dns, directory, pass, found };
}

describe('services that DNS knows', () => {
  it('are those of SRV records, with port, weight and priority', async () => {
    const { directory, dns } = await setUp();
    const found = await directory.instances('cart');
    expect(found.map(({ id, address, weight, metadata }) => [id, address, weight, metadata])).toEqual([
      ['a.example:8080', 'a.example:8080', 60, { priority: '10' }],
      ['b.example:8081', 'b.example:8081', 0.1, { priority: '20' }],
    ]);
    expect(await directory.services()).toEqual(['cart']);
    expect(await directory.instances('stock')).toEqual([]);
    expect(dns.asked).toEqual([`SRV ${srv}`]);
  });

  it('are those of the addresses of a name, of both kinds', async () => {
    const { dns, found } = await setUp({}, { cart: { host: 'cart.example', port: 8080, scheme: 'http' } });
    dns.zone.set('A cart.example', [
      { ttl: 30, data: '10.0.0.5' },
      { ttl: 30, data: '10.0.0.6' },
    ]);
    dns.zone.set('AAAA cart.example', [{ ttl: 30, data: '2001:0db8:0000:0000:0000:0000:0000:0007' }]);
    expect(await found()).toBe(
      'http://10.0.0.5:8080 1,http://10.0.0.6:8080 1,http://[2001:db8:0:0:0:0:0:7]:8080 1',
    );
  });

  it('are asked for again when the shortest time of their records is over, and not before', async () => {
    const { dns, pass, found } = await setUp();
    await found();
    dns.zone.set(`SRV ${srv}`, [{ ttl: 30, data: '10 60 9999 c.example' }]);
    pass(19_000);
    expect(await found()).toContain('a.example');
    expect(dns.asked.length).toBe(1);
    pass(1_500);
    expect(await found()).toBe('c.example:9999 60');
    expect(dns.asked.length).toBe(2);
  });

  it.each([
    ['no sooner than may be', 0, 4_000, 6_000],
    ['no later than may be', 86_400, 59_000, 61_000],
  ])('are asked for again %s', async (_, ttl, early, late) => {
    const { dns, pass, found } = await setUp({ minTtlMs: 5_000, maxTtlMs: 60_000 });
    dns.zone.set(`SRV ${srv}`, [{ ttl, data: '0 1 80 a.example' }]);
    await found();
    pass(early);
    await found();
    expect(dns.asked.length).toBe(1);
    pass(late - early);
    await found();
    expect(dns.asked.length).toBe(2);
  });

  it.each(['silent', 'fails', 'babbles'] as const)('stay known while the server %s', async mood => {
    const { dns, pass, found, directory } = await setUp({ queryTimeoutMs: 1_000 });
    await found();
    const contacts: boolean[] = [];
    const watch = directory.watch('cart', {
      onChange: () => {},
      onContact: ({ lost }) => contacts.push(lost),
    });
    dns.mood = mood;
    pass(60_000);
    while (!contacts.includes(true)) {
      pass(2_000);
      await new Promise(resolve => setTimeout(resolve, 20));
    }
    expect(await found()).toContain('a.example');
    dns.mood = 'well';
    while (contacts.at(-1) !== false) {
      pass(2_000);
      await new Promise(resolve => setTimeout(resolve, 20));
    }
    expect(watch.staleMs).toBe(0);
    watch.close();
  });

  it('are unknown while nobody has ever answered', async () => {
    const { dns, found } = await setUp({ queryTimeoutMs: 200 });
    dns.mood = 'silent';
    await expect(found()).rejects.toMatchObject({ code: 'ERR_REGISTRY_UNAVAILABLE' });
  });

  it('are gone when the name was not there so many times, and not before', async () => {
    const { dns, pass, found } = await setUp({ missing: 3 });
    await found();
    dns.zone.clear();
    for (let time = 0; time < 2; time++) {
      pass(60_000);
      expect(await found()).toContain('a.example');
    }
    pass(60_000);
    expect(await found()).toBe('');
    dns.zone.set(`SRV ${srv}`, [{ ttl: 30, data: '0 1 80 d.example' }]);
    pass(60_000);
    expect(await found()).toBe('d.example:80 1');
  });

  it('are asked for over TCP when there are too many of them', async () => {
    const { dns, directory } = await setUp();
    dns.mood = 'truncates';
    const many = Array.from({ length: 300 }, (_, at) => ({ ttl: 30, data: `0 1 80 host-${at}.example` }));
    dns.zone.set(`SRV ${srv}`, many);
    expect((await directory.instances('cart')).length).toBe(300);
    expect(dns.asked).toEqual([`SRV ${srv}`, `SRV ${srv} over TCP`]);
  });

  it('are believed of nobody else, and of the next server when one is silent', async () => {
    const { dns, found } = await setUp();
    dns.mood = 'lies';
    expect(await found()).toContain('a.example');
    const dead = await OwnDns.make();
    dead.mood = 'silent';
    onTestFinished(() => dead.close());
    const both = dnsDirectory({
      services: { cart: { srv } },
      servers: [`127.0.0.1:${dead.port}`, `127.0.0.1:${dns.port}`],
      queryTimeoutMs: 200,
      answerTimeoutMs: 60_000,
    });
    dns.mood = 'well';
    expect((await both.instances('cart')).length).toBe(2);
    await both.close();
  });

  it('are asked of the next server where the system lets nothing be sent to the first', async () => {
    const { dns, found } = await setUp({}, {});
    dns.zone.set('A cart.example', [{ ttl: 30, data: '10.0.0.5' }]);
    // To all at once, which a socket has to be allowed to; a network out of reach fails the same way.
    const { directory } = await setUp(
      { servers: ['255.255.255.255', `127.0.0.1:${dns.port}`] },
      { cart: { host: 'cart.example', port: 8080 } },
    );
    expect((await directory.instances('cart')).map(({ address }) => address)).toEqual(['10.0.0.5:8080']);
    expect(await found()).toBe('');
  });

  it('are the others where one record leads nowhere', async () => {
    const { dns, found } = await setUp();
    dns.zone.set(`SRV ${srv}`, [
      { ttl: 30, data: '10 60 0 a.example' },
      { ttl: 30, data: '10 60 8080 b.example' },
    ]);
    expect(await found()).toBe('b.example:8080 60');
  });

  it('are none where the record says that there is none, and each but once', async () => {
    const { dns, found } = await setUp({ missing: 1 });
    dns.zone.set(`SRV ${srv}`, [{ ttl: 5, data: '0 0 0 .' }]);
    expect(await found()).toBe('');
    const { dns: twice, found: foundTwice } = await setUp();
    twice.zone.set(`SRV ${srv}`, [
      { ttl: 5, data: '0 1 80 a.example' },
      { ttl: 5, data: '1 7 80 a.example' },
    ]);
    expect(await foundTwice()).toBe('a.example:80 7');
  });

  it.each([
    ['`services` must be', { services: 7 }],
    ['`services.cart` must be', { services: { cart: {} } }],
    ['`port` must be', { services: { cart: { host: 'x' } } }],
    ["`scheme` must be 'http' or 'https'", { services: { cart: { srv, scheme: 'ftp' } } }],
    ['`service` must be', { services: { 'a b': { srv } } }],
    ['`servers` must be a list', { servers: [] }],
    ['`servers` must be addresses', { servers: ['dns.example'] }],
    ['`servers` must be addresses', { servers: ['10.0.0.2:70000'] }],
    ['`queryTimeoutMs` must be', { queryTimeoutMs: 0 }],
    ['`minTtlMs` must be', { minTtlMs: 0 }],
    ['`maxTtlMs` must be', { maxTtlMs: 5 }],
    ['`missing` must be', { missing: 0 }],
    ['unknown option `server`', { server: 'x' }],
  ])('are refused when what is said is wrong: %s', (words, options) => {
    expect(() => dnsDirectory({ services: { cart: { srv } }, ...options } as never)).toThrow(words);
  });

  it('take servers of either family', () => {
    for (const server of ['10.0.0.2', '10.0.0.2:53', '::1', '[::1]:5353', 'fe80::1']) {
      expect(() => dnsDirectory({ services: {}, servers: [server] })).not.toThrow();
    }
  });
});

describe('an answer of DNS', () => {
  it.each(['a..b', '', `${'x'.repeat(64)}.example`, 'x.'.repeat(200)])(
    'is asked for no such name: %s',
    name => {
      expect(() => writeQuestion(name, 'A')).toThrow('is no name');
    },
  );

  it('never takes long or all memory, whatever the bytes are', () => {
    const question = writeQuestion('a.example', 'SRV');
    let random = 7;
    const next = () => {
      random = (random * 1_103_515_245 + 12_345) % 2_147_483_648;
      return random;
    };
    for (let round = 0; round < 20_000; round++) {
      const bytes = Buffer.concat([question.bytes, Buffer.alloc(60)]);
      bytes.writeUInt16BE(0x8180, 2);
      bytes.writeUInt16BE(next() % 4, 6);
      // Pointers in circles among them.
      for (let change = 0; change < 8; change++) {
        const at = question.bytes.length + (next() % 60);
        bytes[at] = next() % 3 === 0 ? 0xc0 : next() % 256;
      }
      try {
        expect(readAnswer(bytes, question)?.records.length ?? 0).toBeLessThan(4);
      } catch (error) {
        expect(error).toBeInstanceOf(RangeError);
      }
    }
  });
});
