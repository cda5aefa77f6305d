interface Node<V> {
  /** By token; `*` and `>` are tokens that no topic has. */
  readonly children: Map<string, Node<V>>;
  /** Each value of the pattern that ends here, with its place in the order of insertion. */
  readonly values: Map<V, number>;
}

type Found<V> = [value: V, place: number][];

/**
 * Values under patterns, and all values whose pattern matches a topic. A topic takes a walk along its tokens,
 * wherever the table has them or a wildcard; patterns that differ from it early cost nothing.
 *
 * Patterns and topics have to be valid: see `checkPattern` and `checkTopic`. `find` of a text that is no topic
 * finds something or nothing, and does no harm.
 */
export class PatternTable<V> {
  readonly #root: Node<V> = { children: new Map(), values: new Map() };
  readonly #maxSize: number;
  #size = 0;
  #nextPlace = 0;

  /** Holds at most `maxSize` values. */
  constructor(maxSize: number) {
    this.#maxSize = maxSize;
  }

  /** How many values there are under all patterns. */
  get size(): number {
    return this.#size;
  }

  /**
   * Adds `value`, in its order after all others; where the pattern has it already, nothing changes. `false`
   * when the table is full and does not have it.
   */
  add(pattern: string, value: V): boolean {
    const end = this.#end(pattern);
    if (end?.values.has(value) === true) return true;
    if (this.#size >= this.#maxSize) return false;
    let node = this.#root;
    for (const token of pattern.split('.')) {
      let child = node.children.get(token);
      if (child === undefined) {
        child = { children: new Map(), values: new Map() };
        node.children.set(token, child);
      }
      node = child;
    }
    node.values.set(value, this.#nextPlace++);
    this.#size++;
    return true;
  }

  /** Takes `value` away from `pattern`; `false` when it was not there. What becomes empty is dropped. */
  remove(pattern: string, value: V): boolean {
    const tokens = pattern.split('.');
    const trail = [this.#root];
    for (const token of tokens) {
      const child = trail.at(-1)!.children.get(token);
      if (child === undefined) return false;
      trail.push(child);
    }
    if (!trail.at(-1)!.values.delete(value)) return false;
    this.#size--;
    for (let i = tokens.length; i > 0 && isEmpty(trail[i]!); i--)
      trail[i - 1]!.children.delete(tokens[i - 1]!);
    return true;
  }

  /** All values whose pattern matches `topic`, in the order of insertion; one under two patterns comes twice. */
  find(topic: string): V[] {
    const found: Found<V> = [];
    collect(this.#root, topic.split('.'), 0, found);
    return found.sort(([, a], [, b]) => a - b).map(([value]) => value);
  }

  #end(pattern: string): Node<V> | undefined {
    let node: Node<V> | undefined = this.#root;
    for (const token of pattern.split('.')) node = node?.children.get(token);
    return node;
  }
}

const isEmpty = <V>({ children, values }: Node<V>): boolean => children.size === 0 && values.size === 0;

function take<V>(node: Node<V> | undefined, found: Found<V>): void {
  // One by one: a call cannot be handed as many arguments as a node may hold values.
  for (const entry of node?.values ?? []) found.push(entry);
}

function collect<V>(node: Node<V> | undefined, tokens: readonly string[], at: number, found: Found<V>): void {
  if (node === undefined) return;
  if (at === tokens.length) {
    take(node, found);
    return;
  }
  take(node.children.get('>'), found);
  collect(node.children.get(tokens[at]!), tokens, at + 1, found);
  collect(node.children.get('*'), tokens, at + 1, found);
}
