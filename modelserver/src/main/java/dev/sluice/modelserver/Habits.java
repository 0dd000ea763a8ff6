package dev.sluice.modelserver;

/**
 * How a model server reads prompts, answers and shows its load. Real servers differ in this.
 * Immutable.
 *
 * @param promptsAtOnce prompts that it reads at once; further requests wait although slots are
 *     free; 0 means as many as it has slots
 * @param gaugeSteps the tokens of one answer between two updates of the metrics' numbers of running
 *     and waiting requests; 0 means that they are always right
 * @param sendsHeadFirst whether the head of a streamed answer is sent when the request arrives, and
 *     not with the first token
 * @param metrics the names of its metrics
 */
public record Habits(int promptsAtOnce, int gaugeSteps, boolean sendsHeadFirst, Metrics metrics) {

  /** The names under which a server shows its metrics. */
  public enum Metrics {
    /** As vLLM does. */
    VLLM,
    /** As llama.cpp's server does: only how many requests run and wait. */
    LLAMA_CPP,
    /** It has no metrics. */
    NONE
  }

  /** Reads any number of prompts at once; vLLM's metrics, which are always right. */
  public static final Habits PLAIN = new Habits(0, 0, false, Metrics.VLLM);

  /** Rejects negative values. */
  public Habits {
    if (promptsAtOnce < 0 || gaugeSteps < 0) {
      throw new IllegalArgumentException(
          "habits: got promptsAtOnce "
              + promptsAtOnce
              + ", gaugeSteps "
              + gaugeSteps
              + "; allowed >= 0");
    }
  }
}
