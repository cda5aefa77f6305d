import type { ConfigProblem } from '../resilience/config-error.js';
import { ConfigError } from '../resilience/config-error.js';
import { readJsonText } from './json-text.js';
import { lineAndColumn, placeOf, type ReadText, TextMistake } from './text-places.js';
import { readYamlText, type Yaml } from './yaml-text.js';

/** No config that somebody writes is larger, in characters. */
const MOST_CHARACTERS = 4_194_304;

/** A text of a config, and where in it everything stands. */
export class ConfigText {
  readonly #text: string;
  readonly #read: ReadText;

  /** @throws ConfigError with the line and the column of what is no JSON, or no YAML. */
  constructor(text: string, yaml: Yaml | undefined) {
    if (text.length > MOST_CHARACTERS) {
      const message = `the text must have at most ${MOST_CHARACTERS} characters, got ${text.length}`;
      throw new ConfigError([{ path: '', message }]);
    }
    this.#text = text;
    try {
      this.#read = yaml === undefined ? readJsonText(text) : readYamlText(text, yaml);
    } catch (error) {
      if (!(error instanceof TextMistake)) throw error;
      throw new ConfigError([this.#problem('', `the text ${error.message}`, error.at)]);
    }
  }

  get value(): unknown {
    return this.#read.value;
  }

  /** The same mistakes, with where they are. */
  locate(problems: readonly ConfigProblem[]): ConfigProblem[] {
    return problems.map(({ path, message }) => this.#problem(path, message, placeOf(this.#read.place, path)));
  }

  #problem(path: string, message: string, at: number): ConfigProblem {
    const { line, column } = lineAndColumn(this.#text, at);
    return { path, message: `${message} (line ${line}, column ${column})`, line, column };
  }
}
