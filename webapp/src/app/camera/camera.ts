/** The camera, live: what the model says of the frames, and photos taken into the session. */

import "./camera.css";
import { messageOf } from "../../contract/errors.ts";
import type { Spec } from "../../contract/spec.ts";
import type { Framed } from "../../worker/calls.ts";
import type { App } from "../app.ts";
import { find, make } from "../dom.ts";
import type { Key } from "../i18n/index.ts";
import { drawPixels, lay } from "../look/overlay.ts";
import { regionOf } from "../look/region.ts";
import { Controls } from "./controls.ts";
import { type Camera, cameraOf, list, NoPicture, start, stop } from "./device.ts";
import { follow } from "./live.ts";
import { poolOf } from "./pool.ts";
import { Recent } from "./recent.ts";
import { shoot } from "./shoot.ts";
import { Verdict } from "./verdict.ts";

export class CameraView {
  static #only: CameraView | undefined;

  /** The page's camera. */
  static of(app: App): CameraView {
    CameraView.#only ??= new CameraView(app);
    return CameraView.#only;
  }

  readonly #app: App;
  readonly #video = make("video", { muted: true, playsInline: true, disablePictureInPicture: true });
  readonly #edge = make("div", { className: "camera-edge" });
  readonly #frame = make("div", { className: "camera-frame", hidden: true }, this.#video, this.#edge);
  readonly #message = make("p", { className: "camera-message" });
  readonly #again = make("button", { type: "button" });
  readonly #notice = make("div", { className: "camera-notice", role: "alert" }, this.#message, this.#again);
  readonly #verdict: Verdict;
  readonly #seen = make("canvas", { className: "camera-seen", role: "img" });
  readonly #seenTitle = make("figcaption", { className: "muted small" });
  readonly #take = make("button", { type: "button", className: "primary camera-take", autofocus: true });
  readonly #taken = make("output", { className: "muted small" });
  readonly #controls: Controls;
  readonly #privacy = make("p", { className: "muted small" });
  readonly #title = make("h2", { id: "camera-title" });
  readonly #close = make("button", { type: "submit", className: "quiet" });
  readonly #dialog: HTMLDialogElement;
  #current = new AbortController(); // of the stream in use
  #stream: MediaStream | undefined;
  #camera: Camera | undefined;
  #recent = new Recent();
  #state: "off" | "on" | "paused" = "off";
  #laid = ""; // what the frame was laid out for
  #opener: Element | null = null;
  #count = 0; // photos taken since the view opened

  private constructor(app: App) {
    this.#app = app;
    this.#verdict = new Verdict(app);
    this.#controls = new Controls(app, {
      onCamera: (id) => void this.#start(id),
      onMirror: () => this.#mirror(),
      onAverage: () => this.#draw(),
    });
    const head = make("form", { method: "dialog", className: "camera-head" }, this.#title, this.#close);
    const figure = make("figure", { className: "camera-figure" }, this.#seen, this.#seenTitle);
    const shot = make("div", { className: "camera-shot" }, this.#take, this.#taken);
    const { element: controls } = this.#controls;
    const side = make(
      "div",
      { className: "side" },
      ...[head, this.#verdict.element, shot, controls, figure, this.#privacy],
    );
    const stage = make("div", { className: "stage" }, this.#frame, this.#notice);
    this.#dialog = make("dialog", { id: "camera", className: "camera whole-window" }, stage, side);
    this.#dialog.setAttribute("aria-labelledby", this.#title.id);
    document.body.append(this.#dialog);
    this.#listen();
  }

  open(): void {
    this.#count = 0;
    this.#taken.textContent = "";
    this.#opener = document.activeElement;
    this.#write();
    this.#dialog.showModal();
    void this.#start(this.#camera?.id);
  }

  #listen(): void {
    this.#take.addEventListener("click", () => {
      if (this.#recent.last) void this.#shoot().catch((error) => this.#fail(error));
    });
    this.#again.addEventListener("click", () => void this.#start());
    this.#dialog.addEventListener("close", () => {
      this.#stop();
      this.#state = "off";
      // The first photo hides the first screen, and with it the button that opened this view.
      if (this.#opener?.getClientRects().length === 0) find("more-camera").focus();
    });
    document.addEventListener("visibilitychange", () => {
      if (document.hidden && this.#state === "on") {
        this.#stop(); // the camera's lamp goes out, too
        this.#state = "paused";
        this.#say("camera.paused");
      } else if (!document.hidden && this.#state === "paused") void this.#start(this.#camera?.id);
    });
  }

  /** The texts, which can change only while the view is closed. */
  #write(): void {
    const app = this.#app;
    this.#title.textContent = app.t("camera.short");
    this.#close.textContent = app.t("close");
    this.#take.textContent = app.t("camera.take");
    this.#again.textContent = app.t("camera.again");
    this.#seenTitle.textContent = app.t("look.seen");
    this.#seen.ariaLabel = app.t("look.seen");
    this.#video.ariaLabel = app.t("camera.short");
    this.#privacy.textContent = app.t("camera.privacy");
    this.#controls.write();
  }

  /** Show what a camera sees, from now on: the one with this id, else the one that looks away from the person. */
  async #start(id?: string): Promise<void> {
    this.#stop();
    this.#state = "on";
    this.#say("camera.starting");
    const { signal } = this.#current;
    try {
      const stream = await start(id, signal);
      this.#stream = stream;
      this.#camera = cameraOf(stream);
      this.#watch(stream, signal);
      this.#controls.offer(await list(), this.#camera);
      signal.throwIfAborted();
      this.#mirror();
      this.#video.srcObject = stream;
      await this.#video.play();
      if (!this.#app.engine.pool) this.#say("loading");
      const pool = await poolOf(this.#app, signal);
      follow(this.#video, {
        classify: (frame) => pool.frame(frame, signal),
        onResult: (framed) => this.#answer(framed),
        onError: (error) => this.#fail(error),
        signal,
      });
    } catch (error) {
      if (!signal.aborted) this.#fail(error);
    }
  }

  #watch(stream: MediaStream, signal: AbortSignal): void {
    const [track] = stream.getVideoTracks();
    track!.addEventListener("ended", () => this.#fail(new NoPicture("camera.lost")), { signal });
    track!.addEventListener("mute", () => this.#forget(), { signal }); // a phone call takes the camera: old answers are no answers
  }

  /** Let go of the camera. */
  #stop(): void {
    this.#current.abort();
    this.#current = new AbortController();
    if (this.#stream) stop(this.#stream);
    this.#stream = undefined;
    this.#video.srcObject = null;
    this.#frame.hidden = true;
    this.#forget();
  }

  #forget(): void {
    this.#recent = new Recent();
    this.#take.ariaDisabled = "true"; // not `disabled`: it keeps the focus that it has from the start
    this.#verdict.clear();
    this.#seen.width = this.#seen.height = 0; // forgets its pixels, too
  }

  #answer({ probabilities, pixels, width, height }: Framed): void {
    const { spec } = this.#app.engine.model!;
    this.#lay(spec, width, height);
    this.#recent.add(performance.now(), probabilities);
    this.#notice.hidden = true;
    this.#frame.hidden = false;
    this.#take.ariaDisabled = null;
    drawPixels(this.#seen, pixels, spec.input.size);
    this.#draw();
  }

  #draw(): void {
    const spec = this.#app.engine.model?.spec;
    if (spec) this.#verdict.draw(spec, this.#recent, this.#controls.isAveraging);
  }

  /** Lay the frame out by the picture's sides, which change when a phone is turned, and mark what of it the model is given. */
  #lay(spec: Spec, width: number, height: number): void {
    const laid = `${width} ${height} ${JSON.stringify(spec.input)}`;
    if (laid === this.#laid) return;
    this.#laid = laid;
    this.#frame.style.setProperty("--ratio", `${width / height}`);
    lay(this.#edge, regionOf(spec.input, width, height));
  }

  #mirror(): void {
    this.#video.classList.toggle("is-mirrored", this.#controls.isMirrored);
  }

  async #shoot(): Promise<void> {
    const file = await shoot(this.#video, new Date(), ++this.#count);
    this.#app.session.add([{ file, path: file.name }]);
    this.#taken.textContent = this.#app.t("camera.taken", { count: this.#count });
  }

  #fail(error: unknown): void {
    this.#stop();
    this.#state = "off";
    if (error instanceof NoPicture) this.#say(error.key, error);
    else this.#say("camera.failed", { values: { why: messageOf(error) } });
    this.#again.hidden = false;
  }

  #say(key: Key, { values = {} }: Partial<Pick<NoPicture, "values">> = {}): void {
    this.#notice.hidden = false;
    this.#again.hidden = true;
    this.#message.textContent = this.#app.t(key, values);
  }
}
