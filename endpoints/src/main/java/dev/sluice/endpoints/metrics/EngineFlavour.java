package dev.sluice.endpoints.metrics;

/** Whose metric names an endpoint uses. */
public enum EngineFlavour {
  /** Whichever of the others the page shows. */
  DETECT,
  /** vLLM, names that begin with {@code vllm:}. */
  VLLM,
  /** SGLang, names that begin with {@code sglang:}. */
  SGLANG
}
