package dev.sluice.endpoints.scraping;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Logs when trouble with one page of an endpoint begins and when it ends. Not thread-safe. */
final class Trouble {
  private static final Logger LOG = LoggerFactory.getLogger(EndpointScraper.class);

  private final String endpoint;
  private final String what;
  private boolean present;

  Trouble(String endpoint, String what) {
    this.endpoint = endpoint;
    this.what = what;
  }

  void is(String reason) {
    if (!present) {
      present = true;
      LOG.warn("endpoint {}: {} failed: {}", endpoint, what, reason);
    }
  }

  /** Ends the trouble. Returns whether there was any. */
  boolean over() {
    var was = present;
    if (was) {
      present = false;
      LOG.info("endpoint {}: {} works again", endpoint, what);
    }
    return was;
  }
}
