import type { ClusterStatus } from './clusterStatus.ts';
import type { Piece } from './textLine.ts';

/** The size and the looks of what is drawn. */
export interface FrameOptions {
  readonly width: number;
  /** Lines at most; all there are if absent. */
  readonly height?: number;
  readonly colour: boolean;
  /** The wall clock, in milliseconds. */
  readonly now: number;
}

/** A title and its lines. */
export interface Section {
  readonly title: string;
  readonly lines: readonly (readonly Piece[])[];
}

/** Makes a section of what a status says. It is empty where there is nothing to say. */
export type SectionOf = (status: ClusterStatus, options: FrameOptions) => Section;
