import { describe, expect, it } from 'vitest';
import { checkInstance, readInstance } from '../../../src/discovery/instance-rules.js';
import type { NewInstance } from '../../../src/discovery/service-instance.js';

const given: NewInstance = { service: 'cart', id: 'c1', address: 'cart:80' };
const check = (changes: object) => checkInstance({ ...given, ...changes } as NewInstance, 100);

describe('an instance', () => {
  it('has what stands for what it leaves out', () => {
    expect(check({})).toEqual({
      ...{ service: 'cart', id: 'c1', address: 'cart:80', version: undefined, zone: undefined, weight: 1 },
      ...{ tags: [], metadata: {}, status: 'up' },
    });
  });

  it('shares nothing with whoever gave it, and does not change', () => {
    const tags = ['a', 'b', 'a'];
    const metadata = { build: '7' };
    const instance = check({ tags, metadata });
    tags.push('c');
    metadata.build = '8';
    expect([instance.tags, instance.metadata]).toEqual([['a', 'b'], { build: '7' }]);
    for (const part of [instance, instance.tags, instance.metadata]) expect(Object.isFrozen(part)).toBe(true);
  });

  it.each<[string, object, unknown?]>([
    ['instance', [] as unknown as object],
    ['service', { service: '' }, ''],
    ['service', { service: 'a/b' }, 'a/b'],
    ['service', { service: 7 }, 7],
    ['service', { service: 'x'.repeat(129) }],
    ['id', { id: undefined }],
    ['id', { id: 'a b' }],
    ['id', { id: '../x' }],
    ['address', { address: 'http://user:secret@cart' }],
    ['address', { address: undefined }],
    ['version', { version: '1.2' }, '1.2'],
    ['version', { version: 1 }, 1],
    ['zone', { zone: '' }],
    ['zone', { zone: 'a\nb' }],
    ['weight', { weight: -1 }, -1],
    ['weight', { weight: Number.NaN }, Number.NaN],
    ['weight', { weight: '1' }, '1'],
    ['weight', { weight: 1e9 }],
    ['tags', { tags: 'blue' }, 'blue'],
    ['tags', { tags: [''] }, ''],
    ['tags', { tags: Array.from({ length: 65 }, (_, at) => `${at}`) }],
    ['metadata', { metadata: ['a'] }],
    ['metadata', { metadata: JSON.parse('{"__proto__":"x"}') }, '__proto__'],
    ['metadata', { metadata: { constructor: 'x' } }, 'constructor'],
    ['metadata', { metadata: { '': 'x' } }, ''],
    ['metadata.a', { metadata: { a: 1 } }, 1],
    ['metadata.a', { metadata: { a: 'x\0' } }],
    ['metadata', { metadata: { a: 'ü'.repeat(50) } }, 101],
    ['metadata', { metadata: Object.fromEntries(Array.from({ length: 65 }, (_, at) => [`${at}`, ''])) }, 65],
    ['status', { status: 'gone' }, 'gone'],
    ['color', { color: 'red' }],
  ])('is refused by its %s: %j', (field, changes, value) => {
    const make = () => (Array.isArray(changes) ? checkInstance(changes as never, 100) : check(changes));
    let error: unknown;
    try {
      make();
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toMatchObject({ code: 'ERR_INVALID_INSTANCE', field, rejected: true });
    expect(String(error)).toContain(`\`${field}\` must be `);
    if (value !== undefined) expect((error as { value: unknown }).value).toBe(value);
  });

  it('that others wrote is read if it is one', () => {
    expect(readInstance({ ...given }, 100)?.id).toBe('c1');
    expect([null, 'x', { ...given, address: 'x' }].map(value => readInstance(value, 100))).toEqual([
      ...[undefined, undefined, undefined],
    ]);
  });
});
