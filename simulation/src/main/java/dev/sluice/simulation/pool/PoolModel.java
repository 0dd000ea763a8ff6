package dev.sluice.simulation.pool;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * The servers of a pool, and how they are scraped. Immutable.
 *
 * @param servers the servers, at least one; the first is called {@code e1}
 * @param scrapePeriod the time between two scrapes of all servers' metrics, health and models; if
 *     zero, nothing is scraped, and all servers count as healthy
 * @param scrapeDelay the time from a change in the pool until the engine is told
 * @param scrapeOutages times in which no metrics can be read; health and models still are
 */
public record PoolModel(
    List<ServerModel> servers,
    Duration scrapePeriod,
    Duration scrapeDelay,
    List<Window> scrapeOutages) {

  /** Copies the lists. Rejects an empty pool and negative times. */
  public PoolModel {
    servers = List.copyOf(servers);
    scrapeOutages = List.copyOf(scrapeOutages);
    if (servers.isEmpty()) {
      throw new IllegalArgumentException("servers: got none, allowed at least one");
    }
    if (scrapePeriod.isNegative() || scrapeDelay.isNegative()) {
      throw new IllegalArgumentException(
          "scraping: got period " + scrapePeriod + ", delay " + scrapeDelay + ", allowed >= 0");
    }
  }

  /** A number of equal servers, scraped every 50 ms without delay. */
  public static PoolModel of(int servers, ServerModel model) {
    var all = new ArrayList<ServerModel>();
    for (var i = 0; i < servers; i++) {
      all.add(model);
    }
    return new PoolModel(all, Duration.ofMillis(50), Duration.ZERO, List.of());
  }

  /** This pool with other scrapes. */
  public PoolModel scraped(Duration period, Duration delay, Window... outages) {
    return new PoolModel(servers, period, delay, List.of(outages));
  }

  /** Slots of all servers. */
  public int slots() {
    return servers.stream().mapToInt(ServerModel::slots).sum();
  }
}
