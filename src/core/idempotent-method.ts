const METHODS = /* @__PURE__ */ new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE']);

/** Whether a request of this method, in capitals, does twice what it does once: RFC 9110, 9.2.2. */
export const isIdempotentMethod = (method: string): boolean => METHODS.has(method);
