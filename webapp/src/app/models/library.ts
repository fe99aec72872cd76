/** The bundles that there are: the one beside the page and those that were opened from the disk; and which one is in use. */

import { BundleError, messageOf, SpecError } from "../../contract/errors.ts";
import { RUNTIMES, type RuntimeId } from "../../runtimes/index.ts";
import type { App } from "../app.ts";
import { type DiskBundle, readArchive, readBundle } from "./disk.ts";
import { ExamError } from "./exam.ts";
import { type Bundle, besidePage, bundleOf, fileFor, Model } from "./model.ts";
import { open, type Problem } from "./opening.ts";
import type { Kept, Shelf } from "./shelf.ts";
import type { Entry } from "./unzip.ts";

/** A bundle to choose. */
export interface Choice {
  readonly id: string;
  readonly name: string;
  readonly bytes?: number; // on this device
}

export class Library {
  readonly #app: App;
  readonly #shelf: Shelf;
  readonly #listeners = new Set<() => void>();
  #ours: Bundle | undefined;
  #kept: Kept[] = [];
  #isBusy = false;
  #opening: AbortController | undefined; // while it can be called off
  #cancelled: string | undefined; // the name of what was called off last
  #trouble: Problem | undefined;

  constructor(app: App) {
    this.#app = app;
    this.#shelf = app.engine.shelf;
  }

  subscribe(listener: () => void): void {
    this.#listeners.add(listener);
  }

  get choices(): Choice[] {
    const ours = this.#ours && { id: this.#ours.id, name: this.#ours.spec.name };
    return [...(ours ? [ours] : []), ...this.#kept];
  }

  /** Whether a bundle is being read and proven. */
  get isBusy(): boolean {
    return this.#isBusy;
  }

  /** Whether what is under way can be called off: until the bundle is in use. */
  get canCancel(): boolean {
    return this.#opening !== undefined;
  }

  /** The bundle whose opening was called off, if that was the last thing. */
  get cancelled(): string | undefined {
    return this.#cancelled;
  }

  /** Why the last thing that was asked for was not done. */
  get trouble(): Problem | undefined {
    return this.#trouble;
  }

  /** Use the bundle that was in use last, else the one beside the page. */
  async start(): Promise<void> {
    const [ours, kept, current] = await Promise.allSettled([besidePage(), this.#shelf.list(), this.#shelf.current()]);
    if (ours.status === "fulfilled") this.#ours = ours.value;
    if (kept.status === "fulfilled") this.#kept = kept.value; // not in a private window
    this.#changed();
    const last = current.status === "fulfilled" && this.#kept.find(({ id }) => id === current.value);
    try {
      if (last) await this.#app.use(await this.#modelOf(await this.#read(last)));
      else if (ours.status === "fulfilled") await this.#app.use(await this.#modelOf(ours.value));
      else throw ours.reason;
    } catch (error) {
      this.#app.engine.fail(error);
    }
  }

  openArchive(file: File): Promise<void> {
    return this.#introduce(file.name, (signal) => readArchive(file, signal));
  }

  openFolder(name: string, entries: readonly Entry[]): Promise<void> {
    return this.#introduce(name, (signal) => readBundle(entries, signal));
  }

  /** Call off the opening under way: the bundle in use stays. */
  cancel(): void {
    this.#opening?.abort();
  }

  /** Use another bundle from now on; a refused one changes nothing but `trouble`. */
  async choose(id: string): Promise<void> {
    const kept = this.#kept.find((each) => each.id === id);
    await this.#attempt(kept?.name ?? this.#ours?.spec.name ?? "", async (signal) => {
      const bundle = kept ? await this.#read(kept) : this.#ours;
      if (bundle) await this.#open(bundle, signal);
      await this.#shelf.setCurrent(kept?.id);
    });
  }

  /** Remove a bundle from this device; where it is in use, the page goes back to its own. */
  async forget(id: string): Promise<void> {
    await this.#attempt(this.#kept.find((each) => each.id === id)?.name ?? "", async () => {
      this.#opening = undefined; // it takes a moment, and can't be called off
      await this.#shelf.forget(id);
      this.#kept = await this.#shelf.list();
      if ((await this.#shelf.current()) === id) await this.#shelf.setCurrent(undefined);
      if (this.#app.engine.model?.id === id && this.#ours) await this.#app.use(await this.#modelOf(this.#ours));
    });
  }

  /** Remember the runtime for the bundle in use. */
  async remember(runtime: RuntimeId): Promise<void> {
    const { model } = this.#app.engine;
    if (model)
      await this.#shelf.note(model.id, { chosen: runtime }).catch((error) => console.debug("Not remembered:", error));
  }

  async #introduce(name: string, read: (signal: AbortSignal) => Promise<DiskBundle>): Promise<void> {
    await this.#attempt(name, async (signal) => {
      const bundle = await read(signal);
      if (bundle.id === this.#ours?.id) return this.#open(this.#ours, signal);
      await this.#open(bundle, signal);
      try {
        await this.#shelf.keep({ id: bundle.id, name: bundle.spec.name, text: bundle.text }, bundle.source);
        await this.#shelf.setCurrent(bundle.id);
        this.#kept = await this.#shelf.list();
      } catch (error) {
        this.#trouble = { key: "models.notKept", values: { name: bundle.spec.name, why: messageOf(error) } };
      }
    });
  }

  /** Open a bundle beside the one in use, which goes on until this one has passed its exam. Rejects with the signal's reason. */
  async #open(bundle: Bundle, signal: AbortSignal): Promise<void> {
    await this.#app.engine.shelter;
    const opened = await open(await this.#modelOf(bundle), this.#shelf, signal);
    if (signal.aborted) opened.pool.close();
    signal.throwIfAborted();
    this.#opening = undefined; // too late
    this.#changed();
    await this.#app.adopt(opened);
  }

  async #attempt(name: string, act: (signal: AbortSignal) => Promise<void>): Promise<void> {
    if (this.#isBusy) return;
    [this.#isBusy, this.#trouble, this.#cancelled] = [true, undefined, undefined];
    this.#opening = new AbortController();
    const { signal } = this.#opening;
    this.#changed();
    try {
      await act(signal);
    } catch (error) {
      if (signal.aborted) this.#cancelled = name;
      else if (error instanceof ExamError) this.#trouble = error;
      else if (error instanceof BundleError || error instanceof SpecError)
        this.#trouble = { key: "models.refused", values: { name, why: messageOf(error) } };
      else this.#trouble = { key: "noRuntime", values: { why: messageOf(error) } };
    }
    [this.#isBusy, this.#opening] = [false, undefined];
    this.#changed();
  }

  async #read({ id, text }: Kept): Promise<Bundle> {
    return bundleOf(text, await this.#shelf.files(id), false);
  }

  /** With the runtime that was chosen for it on this device. */
  async #modelOf(bundle: Bundle): Promise<Model> {
    const { chosen } = await this.#shelf.findings(bundle.id).catch(() => ({ chosen: undefined }));
    const isUsable = chosen && Object.hasOwn(RUNTIMES, chosen) && fileFor(bundle.spec, chosen);
    return new Model(bundle, isUsable ? chosen : undefined);
  }

  #changed(): void {
    for (const listener of this.#listeners) listener();
  }
}
