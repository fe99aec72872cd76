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
    return this.#introduce(file.name, () => readArchive(file));
  }

  openFolder(name: string, entries: readonly Entry[]): Promise<void> {
    return this.#introduce(name, () => readBundle(entries));
  }

  /** Use another bundle from now on; a refused one changes nothing but `trouble`. */
  async choose(id: string): Promise<void> {
    const kept = this.#kept.find((each) => each.id === id);
    await this.#attempt(kept?.name ?? "", async () => {
      if (kept) await this.#prove(await this.#read(kept));
      else if (this.#ours) await this.#app.use(await this.#modelOf(this.#ours));
      await this.#shelf.setCurrent(kept?.id);
    });
  }

  /** Remove a bundle from this device; where it is in use, the page goes back to its own. */
  async forget(id: string): Promise<void> {
    await this.#attempt(this.#kept.find((each) => each.id === id)?.name ?? "", async () => {
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

  async #introduce(name: string, read: () => Promise<DiskBundle>): Promise<void> {
    await this.#attempt(name, async () => {
      const bundle = await read();
      if (bundle.id === this.#ours?.id) return this.#app.use(await this.#modelOf(this.#ours));
      await this.#prove(bundle);
      try {
        await this.#shelf.keep({ id: bundle.id, name: bundle.spec.name, text: bundle.text }, bundle.source);
        await this.#shelf.setCurrent(bundle.id);
        this.#kept = await this.#shelf.list();
      } catch (error) {
        this.#trouble = { key: "models.notKept", values: { name: bundle.spec.name, why: messageOf(error) } };
      }
    });
  }

  /** Open a foreign bundle beside the one in use, which goes on until this one has passed its exam. */
  async #prove(bundle: Bundle): Promise<void> {
    await this.#app.engine.shelter;
    await this.#app.adopt(await open(await this.#modelOf(bundle), this.#shelf, new AbortController().signal));
  }

  async #attempt(name: string, act: () => Promise<void>): Promise<void> {
    if (this.#isBusy) return;
    [this.#isBusy, this.#trouble] = [true, undefined];
    this.#changed();
    try {
      await act();
    } catch (error) {
      if (error instanceof ExamError) this.#trouble = error;
      else if (error instanceof BundleError || error instanceof SpecError)
        this.#trouble = { key: "models.refused", values: { name, why: messageOf(error) } };
      else this.#trouble = { key: "noRuntime", values: { why: messageOf(error) } };
    }
    this.#isBusy = false;
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
