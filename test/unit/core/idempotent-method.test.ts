import { describe, expect, it } from 'vitest';
import { isIdempotentMethod } from '../../../src/core/idempotent-method.js';

describe('a method', () => {
  it.each(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE'])('is idempotent: %s', method =>
    expect(isIdempotentMethod(method)).toBe(true),
  );

  it.each(['POST', 'PATCH', 'CONNECT', 'QUERY', 'get', ''])('is not: %s', method =>
    expect(isIdempotentMethod(method)).toBe(false),
  );
});
