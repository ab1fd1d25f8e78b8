// The conversation as a file, and by mail to the address of the chat. The server writes it: masked, in the page's
// language, and in the time of this clock.

import { failureOf } from "./forms.js";
import { save } from "./save-file.js";

export class CustomerTranscript {
  #urls;
  #session;
  #texts;

  /** `urls` has the addresses `transcriptUrl` and `mailUrl`. */
  constructor(urls, session, texts) {
    this.#urls = urls;
    this.#session = session;
    this.#texts = texts;
  }

  /** Saves the file of `chat`. Returns whether that `isDone`, and the `text` to tell the customer. */
  async save(chat) {
    const response = await this.#post(this.#urls.transcriptUrl, chat);
    const blob = response?.ok ? await response.blob().catch(() => null) : null;
    if (!blob) return this.#failed(response);
    save(blob, response.headers.get("Content-Disposition"));
    return { isDone: true, text: "" };
  }

  /** Has it mailed. Returns what `save` returns. */
  async mail(chat, address) {
    const response = await this.#post(this.#urls.mailUrl, chat);
    if (!response?.ok) return this.#failed(response);
    return { isDone: true, text: this.#texts.mailed.replace("{address}", address) };
  }

  async #failed(response) {
    return { isDone: false, text: await failureOf(response, this.#texts) };
  }

  #post(url, chat) {
    return this.#session.post(url, { chat, offset: -new Date().getTimezoneOffset() });
  }
}
