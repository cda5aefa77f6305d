import { type ErrorFacts, factOf, RejectedError, ResilienceError } from '../kernel/errors.js';
import { show } from '../kernel/options.js';

/** An instance that no registry takes. Nothing was sent. It has a stack. */
export class InvalidInstanceError extends RejectedError {
  /** The field that is wrong, as `address` or `metadata.build`. */
  readonly field: string;
  /** What it must be, in words. */
  readonly rule: string;
  /** What it is. */
  readonly value: unknown;

  constructor(field: string, rule: string, value: unknown) {
    const message = `register: \`${field}\` must be ${rule}, got ${show(value)}`;
    super('ERR_INVALID_INSTANCE', message, { stack: true });
    this.field = field;
    this.rule = rule;
    this.value = value;
  }

  override get name(): string {
    return 'InvalidInstanceError';
  }
}

/** There is no room for one more, of what `option` bounds. Nothing was changed. */
export class RegistryFullError extends RejectedError {
  /** The option that bounds it. */
  readonly option: string;
  /** The bound. */
  readonly limit: number;

  constructor(registry: string, option: string, limit: number) {
    super('ERR_REGISTRY_FULL', `${registry}: \`${option}\` is ${limit}, and as many are there`, {
      policy: registry,
    });
    this.option = option;
    this.limit = limit;
  }

  override get name(): string {
    return 'RegistryFullError';
  }
}

/** The registry is closed, or is being closed. Nothing was changed. */
export class RegistryClosedError extends RejectedError {
  constructor(registry: string) {
    super('ERR_REGISTRY_CLOSED', `${registry}: it is closed`, { policy: registry });
  }

  override get name(): string {
    return 'RegistryClosedError';
  }
}

/** What holds the instances does not answer. What was asked may have been done; asking again is safe. */
export class RegistryUnavailableError extends ResilienceError {
  constructor(message: string, facts?: ErrorFacts) {
    super('ERR_REGISTRY_UNAVAILABLE', message, facts);
  }

  override get name(): string {
    return 'RegistryUnavailableError';
  }
}

/** Somebody else goes by this name now, or somebody else has given it up: the instance has no say. */
export class SupersededError extends ResilienceError {
  /** The instance. */
  readonly instance: string;

  constructor(registry: string, service: string, id: string) {
    const message = `${registry}: ${service}/${id} was replaced, or deregistered by somebody else`;
    super('ERR_SUPERSEDED', message, { policy: registry });
    this.instance = id;
  }

  override get name(): string {
    return 'SupersededError';
  }
}

/** What a store threw, as an error of this room. */
export function unavailable(registry: string, what: string, error: unknown): RegistryUnavailableError {
  if (factOf(error, 'code') === 'ERR_REGISTRY_UNAVAILABLE') return error as RegistryUnavailableError;
  const words = error instanceof Error ? error.message : show(error);
  return new RegistryUnavailableError(`${registry}: ${what} failed: ${words}`, {
    cause: error,
    policy: registry,
  });
}
