/** The picture of one stream: a basin before a gate, and what runs off behind it. */
import { strength } from "./format.ts";

export interface CanalState {
  /** 0 to 1. */
  readonly level: number;
  /** 0 to 1: how far the gate is up. */
  readonly opening: number;
  /** Bytes a second into the basin, and through the gate. */
  readonly inRate: number;
  readonly outRate: number;
  /** Whether the room above the water is permitted to be filled. */
  readonly isPermitted: boolean;
  readonly isFlushing: boolean;
  readonly isOver: boolean;
}

export const STILL: CanalState = {
  level: 0,
  opening: 1,
  inRate: 0,
  outRate: 0,
  isPermitted: true,
  isFlushing: false,
  isOver: false,
};

/** Colours of the page, by the names of their custom properties. */
interface Palette {
  readonly wall: string;
  readonly deep: string;
  readonly water: string;
  readonly foam: string;
  readonly gate: string;
  readonly permit: string;
  readonly flush: string;
}

const DROPS = 14;
const TOP_PX = 18;
const BELOW_FLOOR_PX = 16;
/** How much of the height of its basin a gate can be drawn up. */
const LIFT = 0.62;
/** How near to a gate is at it. */
const REACH_PX = 24;

export class Canal {
  readonly canvas: HTMLCanvasElement;
  readonly #context: CanvasRenderingContext2D;
  #target: CanalState = STILL;
  #level = 0;
  #opening = 1;
  #in = 0;
  #out = 0;
  /** How far the water has run, in pixels. */
  #run = 0;
  #time = 0;
  #palette: Palette | undefined;
  #width = 0;
  #height = 0;

  constructor(canvas: HTMLCanvasElement) {
    this.canvas = canvas;
    const context = canvas.getContext("2d");
    if (!context) throw new Error("This browser draws nothing");
    this.#context = context;
  }

  set state(state: CanalState) {
    this.#target = state;
  }

  /** The gate has been moved. */
  set opening(opening: number) {
    this.#target = { ...this.#target, opening };
  }

  /** Colours have changed. */
  repaint(): void {
    this.#palette = undefined;
  }

  /** How far the gate would be up if it was dragged to this point; nothing if nobody would reach for it there. */
  openingAt(x: number, y: number, isDragged: boolean): number | undefined {
    const { floor, gateX } = this.#shape();
    if (!isDragged && Math.abs(x - gateX) > REACH_PX) return undefined;
    return Math.min(1, Math.max(0, (floor - y) / ((floor - TOP_PX) * LIFT)));
  }

  resize(): void {
    const { clientWidth, clientHeight } = this.canvas;
    const scale = Math.min(devicePixelRatio, 2);
    if (clientWidth === this.#width && clientHeight === this.#height) return;
    this.#width = clientWidth;
    this.#height = clientHeight;
    this.canvas.width = Math.round(clientWidth * scale);
    this.canvas.height = Math.round(clientHeight * scale);
    this.#context.setTransform(scale, 0, 0, scale, 0, 0);
    // Until the next frame it would be empty.
    this.#paint();
  }

  /**
   * @param ms Since the last time.
   * @param isCalm Whether nothing may move but what has changed.
   * @returns Whether it still moves.
   */
  draw(ms: number, isCalm: boolean): boolean {
    const target = this.#target;
    const share = isCalm ? 1 : 1 - Math.exp(-ms / 90);
    this.#level += (target.level - this.#level) * share;
    this.#opening += (target.opening - this.#opening) * share;
    this.#in += (strength(target.inRate) - this.#in) * share;
    this.#out += (strength(target.outRate) - this.#out) * share;
    if (!isCalm) {
      this.#time += ms / 1000;
      this.#run += (this.#out * this.#out * 260 * ms) / 1000;
    }
    this.#paint();
    return (
      !isCalm &&
      (this.#in > 0.002 ||
        this.#out > 0.002 ||
        Math.abs(this.#level - target.level) > 0.001 ||
        Math.abs(this.#opening - target.opening) > 0.001 ||
        target.isFlushing)
    );
  }

  #shape(): { readonly floor: number; readonly gateX: number } {
    return { floor: this.#height - BELOW_FLOOR_PX, gateX: Math.round(this.#width * 0.66) };
  }

  #paint(): void {
    const context = this.#context;
    const width = this.#width;
    const height = this.#height;
    if (width === 0) return;
    const colours = (this.#palette ??= paletteOf(this.canvas));
    const { floor, gateX } = this.#shape();
    const top = TOP_PX;
    const surface = floor - this.#level * (floor - top - 2);
    context.clearRect(0, 0, width, height);
    this.#paintPermit(colours, gateX, top, surface);
    this.#paintInflow(colours, surface);
    this.#paintWater(colours, gateX, floor, surface);
    this.#paintOutflow(colours, gateX, floor, width);
    this.#paintWalls(colours, gateX, top, floor, width);
  }

  /** Room that the writer may fill is ruled with fine lines. */
  #paintPermit(colours: Palette, gateX: number, top: number, surface: number): void {
    if (!this.#target.isPermitted || this.#target.isOver) return;
    const context = this.#context;
    context.strokeStyle = colours.permit;
    context.lineWidth = 1;
    context.globalAlpha = 0.55;
    context.beginPath();
    for (let y = Math.floor(surface) - 5.5; y > top; y -= 6) {
      context.moveTo(14, y);
      context.lineTo(gateX - 6, y);
    }
    context.setLineDash([2, 5]);
    context.stroke();
    context.setLineDash([]);
    context.globalAlpha = 1;
  }

  #paintInflow(colours: Palette, surface: number): void {
    if (this.#in < 0.01) return;
    const context = this.#context;
    const thickness = 1.5 + this.#in * 9;
    const x = 13;
    const wobble = Math.sin(this.#time * 9) * 0.7;
    context.fillStyle = colours.water;
    context.globalAlpha = 0.9;
    context.beginPath();
    context.moveTo(0, 8);
    context.quadraticCurveTo(x + thickness, 8, x + thickness + wobble, surface + 3);
    context.lineTo(x + wobble, surface + 3);
    context.quadraticCurveTo(x, 8 + thickness, 0, 8 + thickness);
    context.fill();
    context.globalAlpha = 1;
  }

  #paintWater(colours: Palette, gateX: number, floor: number, surface: number): void {
    if (this.#level < 0.002) return;
    const context = this.#context;
    const waves = 0.4 + this.#in * 1.6 + this.#out * 1.2;
    const gradient = context.createLinearGradient(0, surface, 0, floor);
    gradient.addColorStop(0, colours.water);
    gradient.addColorStop(1, colours.deep);
    context.fillStyle = gradient;
    context.beginPath();
    context.moveTo(8, floor);
    for (let x = 8; x <= gateX; x += 4) {
      const wave = Math.sin(x / 17 + this.#time * 2.1) + 0.6 * Math.sin(x / 9 - this.#time * 3.3);
      context.lineTo(x, Math.min(floor, surface + wave * waves * 0.8));
    }
    context.lineTo(gateX, floor);
    context.closePath();
    context.fill();
    context.save();
    context.clip();
    this.#paintDrops(colours, gateX, floor, surface);
    if (this.#target.isFlushing) this.#paintFlush(colours, gateX, surface, floor);
    context.restore();
  }

  /** Lights that move with the water, towards the gate. */
  #paintDrops(colours: Palette, gateX: number, floor: number, surface: number): void {
    const context = this.#context;
    context.fillStyle = colours.foam;
    context.globalAlpha = 0.5;
    const length = gateX - 10;
    for (let drop = 0; drop < DROPS; drop++) {
      const x = 10 + ((drop * 0.618 * length + this.#run * (0.35 + (drop % 4) * 0.12)) % length);
      const depth = 0.12 + ((drop * 0.37) % 0.8);
      const y = surface + depth * (floor - surface);
      context.fillRect(x, y, 2.5, 1.5);
    }
    context.globalAlpha = 1;
  }

  /** A bar of light that sweeps through the basin until all that was there when it began has left. */
  #paintFlush(colours: Palette, gateX: number, surface: number, floor: number): void {
    const context = this.#context;
    const at = 8 + ((this.#time * 0.7) % 1) * (gateX + 40) - 40;
    const gradient = context.createLinearGradient(at, 0, at + 40, 0);
    gradient.addColorStop(0, "transparent");
    gradient.addColorStop(0.8, colours.flush);
    gradient.addColorStop(1, "transparent");
    context.fillStyle = gradient;
    context.fillRect(at, surface - 4, 40, floor - surface + 4);
  }

  #paintOutflow(colours: Palette, gateX: number, floor: number, width: number): void {
    if (this.#out < 0.01) return;
    const context = this.#context;
    const thickness = 2 + this.#out * 16;
    const bed = floor + 8;
    context.fillStyle = colours.water;
    context.beginPath();
    context.moveTo(gateX - 1, floor - Math.min(thickness, this.#opening * 40 + 3));
    context.bezierCurveTo(gateX + 14, floor - thickness * 0.8, gateX + 10, bed - thickness, width, bed - thickness);
    context.lineTo(width, bed);
    context.lineTo(gateX + 12, bed);
    context.quadraticCurveTo(gateX + 6, bed, gateX - 1, floor);
    context.fill();
    context.strokeStyle = colours.foam;
    context.globalAlpha = 0.7;
    context.lineWidth = 1.5;
    context.setLineDash([5, 13]);
    context.lineDashOffset = -this.#run;
    for (const share of [0.3, 0.7]) {
      context.beginPath();
      context.moveTo(gateX + 16, bed - thickness * share);
      context.lineTo(width, bed - thickness * share);
      context.stroke();
    }
    context.setLineDash([]);
    context.globalAlpha = 1;
  }

  #paintWalls(colours: Palette, gateX: number, top: number, floor: number, width: number): void {
    const context = this.#context;
    context.strokeStyle = colours.wall;
    context.lineWidth = 3;
    context.lineJoin = "round";
    context.lineCap = "round";
    context.beginPath();
    context.moveTo(8, top + 4);
    context.lineTo(8, floor + 1.5);
    context.lineTo(gateX, floor + 1.5);
    context.quadraticCurveTo(gateX + 6, floor + 9.5, gateX + 12, floor + 9.5);
    context.lineTo(width - 2, floor + 9.5);
    // The frame that the gate slides in.
    context.moveTo(gateX - 5, 4);
    context.lineTo(gateX + 9, 4);
    context.stroke();
    const lift = this.#opening * (floor - top) * LIFT;
    context.fillStyle = colours.gate;
    context.fillRect(gateX - 1, top - 8, 6, floor - lift - top + 8);
    context.fillRect(gateX + 1, 5, 2, top - 12);
    context.globalAlpha = 0.35;
    context.fillStyle = colours.wall;
    for (let y = top; y < floor - lift - 4; y += 9) context.fillRect(gateX - 1, y, 6, 1);
    context.globalAlpha = 1;
  }
}

function paletteOf(element: Element): Palette {
  const style = getComputedStyle(element);
  const colour = (name: string): string => style.getPropertyValue(`--canal-${name}`).trim();
  return {
    wall: colour("wall"),
    deep: colour("deep"),
    water: colour("water"),
    foam: colour("foam"),
    gate: colour("gate"),
    permit: colour("permit"),
    flush: colour("flush"),
  };
}
