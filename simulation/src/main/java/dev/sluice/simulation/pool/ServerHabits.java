package dev.sluice.simulation.pool;

import java.time.Duration;

/**
 * Habits of a model server that its speed does not tell. Immutable.
 *
 * @param promptsAtOnce prompts that it reads at once; further requests wait in its queue although
 *     it has free slots; 0 means as many as it has slots
 * @param gaugePeriod the time between two updates of the numbers of running and waiting requests
 *     that its metrics show; zero means that they are always right
 */
public record ServerHabits(int promptsAtOnce, Duration gaugePeriod) {

  /** A server that reads any number of prompts at once and whose metrics are always right. */
  public static final ServerHabits PLAIN = new ServerHabits(0, Duration.ZERO);

  /** Rejects negative values. */
  public ServerHabits {
    if (promptsAtOnce < 0 || gaugePeriod.isNegative()) {
      throw new IllegalArgumentException(
          "habits: got promptsAtOnce "
              + promptsAtOnce
              + ", gaugePeriod "
              + gaugePeriod
              + ", allowed >= 0");
    }
  }
}
