package dev.sluice.simulation.pool;

import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The behaviour of one model server. Immutable.
 *
 * <pre>
 *   prefill   uncached prompt tokens / prefillTokensPerSecond
 *   decode    output tokens * (perToken + perSequence * sequences in the batch)
 * </pre>
 *
 * @param slots sequences that run at once, above 0; more sequences wait in the server's own queue
 * @param prefillTokensPerSecond prompt tokens read per second, above 0
 * @param perToken time for each generated token, however many sequences run
 * @param perSequence time that each sequence in the batch adds to each generated token
 * @param kvTokens tokens that the KV cache holds; 0 means no limit. If the cache is full, the
 *     newest sequence is preempted and computed anew later
 * @param models the models that it serves; empty means any
 * @param adapters the LoRA adapters that it serves; empty means any
 * @param capacityWeight the size relative to other servers, as configured, above 0
 * @param foreign requests of other senders, or null
 * @param outages times in which it is down: running requests fail, and connections are refused
 * @param gaps times in which it does not serve one of its {@code models}
 * @param prefixCacheTokens prompt tokens that the prefix cache holds, of requests whose blocks are
 *     known; if 0, the number of cached tokens is the one that each request states
 * @param habits how it reads prompts and shows its load
 */
public record ServerModel(
    int slots,
    double prefillTokensPerSecond,
    Duration perToken,
    Duration perSequence,
    long kvTokens,
    Set<String> models,
    Set<String> adapters,
    double capacityWeight,
    @Nullable Foreign foreign,
    List<Window> outages,
    List<ModelGap> gaps,
    long prefixCacheTokens,
    ServerHabits habits) {

  /** Copies the collections. Rejects values outside their ranges. */
  public ServerModel {
    if (slots <= 0) {
      throw new IllegalArgumentException("slots: got " + slots + ", allowed > 0");
    }
    if (!(prefillTokensPerSecond > 0)) {
      throw new IllegalArgumentException(
          "prefillTokensPerSecond: got " + prefillTokensPerSecond + ", allowed > 0");
    }
    if (perToken.isNegative() || perSequence.isNegative()) {
      throw new IllegalArgumentException(
          "time per token: got " + perToken + " and " + perSequence + ", allowed >= 0");
    }
    if (kvTokens < 0) {
      throw new IllegalArgumentException("kvTokens: got " + kvTokens + ", allowed >= 0");
    }
    if (prefixCacheTokens < 0) {
      throw new IllegalArgumentException(
          "prefixCacheTokens: got " + prefixCacheTokens + ", allowed >= 0");
    }
    if (!(capacityWeight > 0)) {
      throw new IllegalArgumentException("capacityWeight: got " + capacityWeight + ", allowed > 0");
    }
    models = Set.copyOf(models);
    adapters = Set.copyOf(adapters);
    outages = List.copyOf(outages);
    gaps = List.copyOf(gaps);
  }

  /**
   * A server whose speed does not depend on its batch: it reads 8,000 prompt tokens per second and
   * takes 20 ms for each generated token.
   */
  public static ServerModel of(int slots) {
    return new ServerModel(
        slots,
        8_000,
        Duration.ofMillis(20),
        Duration.ZERO,
        0,
        Set.of(),
        Set.of(),
        1.0,
        null,
        List.of(),
        List.of(),
        0,
        ServerHabits.PLAIN);
  }

  /** This server with another speed of reading prompts. */
  public ServerModel reading(double tokensPerSecond) {
    return changed(draft -> draft.prefillTokensPerSecond = tokensPerSecond);
  }

  /** This server with every step {@code times} slower. */
  public ServerModel slower(int times) {
    return changed(draft -> {
      draft.prefillTokensPerSecond = prefillTokensPerSecond / times;
      draft.perToken = perToken.multipliedBy(times);
      draft.perSequence = perSequence.multipliedBy(times);
    });
  }

  /** This server with a batch that slows it down and a KV cache that can run full. */
  public ServerModel withBatch(Duration newPerToken, Duration newPerSequence, long newKvTokens) {
    return changed(draft -> {
      draft.perToken = newPerToken;
      draft.perSequence = newPerSequence;
      draft.kvTokens = newKvTokens;
    });
  }

  /** This server with these models and adapters. */
  public ServerModel serving(Set<String> newModels, Set<String> newAdapters) {
    return changed(draft -> {
      draft.models = newModels;
      draft.adapters = newAdapters;
    });
  }

  /** This server with requests of other senders. */
  public ServerModel with(@Nullable Foreign newForeign) {
    return changed(draft -> draft.foreign = newForeign);
  }

  /** This server with outages. */
  public ServerModel down(Window... windows) {
    return changed(draft -> draft.outages = List.of(windows));
  }

  /** This server with times in which it lacks a model. */
  public ServerModel without(ModelGap... newGaps) {
    return changed(draft -> draft.gaps = List.of(newGaps));
  }

  /** This server with a prefix cache for requests whose blocks are known. */
  public ServerModel withPrefixCache(long tokens) {
    return changed(draft -> draft.prefixCacheTokens = tokens);
  }

  /** This server with other habits. */
  public ServerModel withHabits(ServerHabits newHabits) {
    return changed(draft -> draft.habits = newHabits);
  }

  /** The models that it serves at one time; empty means any. */
  public Set<String> modelsAt(long nanos) {
    if (gaps.isEmpty()) {
      return models;
    }
    var served = new HashSet<>(models);
    for (var gap : gaps) {
      if (gap.when().contains(nanos)) {
        served.remove(gap.model());
      }
    }
    return served;
  }

  private ServerModel changed(Consumer<Draft> change) {
    var draft = new Draft(this);
    change.accept(draft);
    return draft.model();
  }

  /** A server whose components can be set. */
  private static final class Draft {
    final int slots;
    final double capacityWeight;
    double prefillTokensPerSecond;
    Duration perToken;
    Duration perSequence;
    long kvTokens;
    Set<String> models;
    Set<String> adapters;
    @Nullable Foreign foreign;
    List<Window> outages;
    List<ModelGap> gaps;
    long prefixCacheTokens;
    ServerHabits habits;

    Draft(ServerModel model) {
      slots = model.slots;
      capacityWeight = model.capacityWeight;
      prefillTokensPerSecond = model.prefillTokensPerSecond;
      perToken = model.perToken;
      perSequence = model.perSequence;
      kvTokens = model.kvTokens;
      models = model.models;
      adapters = model.adapters;
      foreign = model.foreign;
      outages = model.outages;
      gaps = model.gaps;
      prefixCacheTokens = model.prefixCacheTokens;
      habits = model.habits;
    }

    ServerModel model() {
      return new ServerModel(
          slots,
          prefillTokensPerSecond,
          perToken,
          perSequence,
          kvTokens,
          models,
          adapters,
          capacityWeight,
          foreign,
          outages,
          gaps,
          prefixCacheTokens,
          habits);
    }
  }
}
