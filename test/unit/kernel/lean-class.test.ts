import { describe, expect, it } from 'vitest';
import { leanClass } from '../../../src/kernel/lean-class.js';

class Animal {
  constructor() {
    throw new Error('made by super');
  }
}

class Dog extends Animal {
  name!: string;

  bark(): string {
    return `${this.name} barks`;
  }
}

describe('leanClass', () => {
  const LeanDog = leanClass<new (name: string) => Dog>(Dog, function (this: Dog, name: string) {
    this.name = name;
  });

  it('makes objects of the class without any of its constructors', () => {
    expect(() => new Dog()).toThrow('made by super');
    const dog = new LeanDog('Rex');
    expect(dog).toBeInstanceOf(Dog);
    expect(dog).toBeInstanceOf(Animal);
    expect(dog.bark()).toBe('Rex barks');
  });

  it('leaves the class as it is', () => {
    expect(Dog.prototype.constructor).toBe(Dog);
    expect(Object.keys(new LeanDog('Rex'))).toEqual(['name']);
  });
});
