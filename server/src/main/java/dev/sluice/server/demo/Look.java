package dev.sluice.server.demo;

import java.util.Map;

/**
 * The way in which a screen may write.
 *
 * @param inPlace whether a picture may be drawn over the one before
 * @param bold whether words may be bold
 */
record Look(boolean inPlace, boolean bold) {
  /** Lines that follow each other, for a file or a pipe. */
  static final Look PLAIN = new Look(false, false);

  /**
   * The look of an output. {@code TERM=dumb} is a terminal that can only append, and {@code
   * NO_COLOR} asks for words without looks.
   */
  static Look of(boolean terminal, Map<String, String> environment) {
    if (!terminal || environment.getOrDefault("TERM", "dumb").equals("dumb")) {
      return PLAIN;
    }
    return new Look(true, environment.getOrDefault("NO_COLOR", "").isEmpty());
  }
}
