package dev.sluice.simulation.pool;

import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * How one model server behaves. Immutable.
 *
 * <pre>
 *   prefill   uncached prompt tokens / prefillTokensPerSecond
 *   decode    output tokens * (perToken + perSequence * sequences in the batch)
 * </pre>
 *
 * @param slots sequences that run at once, above 0; more wait in its own queue
 * @param prefillTokensPerSecond above 0
 * @param perToken time for each generated token, however many sequences run
 * @param perSequence what each sequence in the batch adds to that
 * @param kvTokens tokens that its KV cache holds; 0 means that it never runs full. When it does,
 *     the newest sequence is preempted and computed anew later
 * @param models the models that it serves; empty means any
 * @param adapters the LoRA adapters that it serves; empty means any
 * @param capacityWeight its size relative to others, as configured, above 0
 * @param foreign requests from elsewhere, or null
 * @param outages when it is down: what runs there fails, and nobody can connect
 * @param gaps when it does not serve one of its {@code models}
 * @param prefixCacheTokens prompt tokens that its prefix cache holds, of requests whose blocks are
 *     known; 0 means that what a request says is cached, is
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
    long prefixCacheTokens) {

  /** Rejects values outside their ranges. */
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

  /** A server whose speed does not depend on its batch: so many slots, 8,000 tokens/s, 20 ms. */
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
        0);
  }

  /** As this, so many times slower. */
  public ServerModel slower(int times) {
    return new ServerModel(
        slots,
        prefillTokensPerSecond / times,
        perToken.multipliedBy(times),
        perSequence.multipliedBy(times),
        kvTokens,
        models,
        adapters,
        capacityWeight,
        foreign,
        outages,
        gaps,
        prefixCacheTokens);
  }

  /** As this, with a batch that slows it down and a KV cache that can run full. */
  public ServerModel withBatch(Duration newPerToken, Duration newPerSequence, long newKvTokens) {
    return new ServerModel(
        slots,
        prefillTokensPerSecond,
        newPerToken,
        newPerSequence,
        newKvTokens,
        models,
        adapters,
        capacityWeight,
        foreign,
        outages,
        gaps,
        prefixCacheTokens);
  }

  /** As this, serving only these. */
  public ServerModel serving(Set<String> newModels, Set<String> newAdapters) {
    return new ServerModel(
        slots,
        prefillTokensPerSecond,
        perToken,
        perSequence,
        kvTokens,
        newModels,
        newAdapters,
        capacityWeight,
        foreign,
        outages,
        gaps,
        prefixCacheTokens);
  }

  /** As this, with requests from elsewhere. */
  public ServerModel with(@Nullable Foreign newForeign) {
    return new ServerModel(
        slots,
        prefillTokensPerSecond,
        perToken,
        perSequence,
        kvTokens,
        models,
        adapters,
        capacityWeight,
        newForeign,
        outages,
        gaps,
        prefixCacheTokens);
  }

  /** As this, down at these times. */
  public ServerModel down(Window... windows) {
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
        List.of(windows),
        gaps,
        prefixCacheTokens);
  }

  /** As this, without some of its models at times. */
  public ServerModel without(ModelGap... newGaps) {
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
        List.of(newGaps),
        prefixCacheTokens);
  }

  /** As this, with a prefix cache of its own for requests whose blocks are known. */
  public ServerModel withPrefixCache(long tokens) {
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
        tokens);
  }

  /** The models that it serves at a time; empty means any. */
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
}
