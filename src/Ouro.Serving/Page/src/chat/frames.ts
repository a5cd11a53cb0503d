/**
 * Gathers what arrives between two pictures and hands it over at once, so that a fast model cannot make the page draw more
 * often than the screen shows. When drawing takes long (a very long answer), it waits twice as long before the next time, so
 * that typing and scrolling stay smooth. A hidden page is not drawn; its gathering is handed over four times a second.
 */
export class Frames<T> {
  #gathered: T[] = [];
  #waiting = false;
  #closed = false;
  #pause = 0;

  constructor(readonly draw: (gathered: T[]) => void) {}

  add(item: T): void {
    this.#gathered.push(item);
    if (this.#waiting || this.#closed) return;
    this.#waiting = true;
    if (document.hidden) setTimeout(this.#hand, 250);
    else if (this.#pause > 16) setTimeout(() => requestAnimationFrame(this.#hand), this.#pause);
    else requestAnimationFrame(this.#hand);
  }

  /** Hands over what is left, now; nothing is drawn afterwards. */
  close(): void {
    this.#hand();
    this.#closed = true;
  }

  #hand = (): void => {
    this.#waiting = false;
    if (this.#closed || this.#gathered.length === 0) return;
    const [gathered, started] = [this.#gathered, performance.now()];
    this.#gathered = [];
    this.draw(gathered);
    setTimeout(() => { this.#pause = Math.min(500, 2 * (performance.now() - started)); });
  };
}
