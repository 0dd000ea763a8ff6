package dev.sluice.flowcontrol.config;

import dev.sluice.flowcontrol.contracts.CapacityGate;
import dev.sluice.flowcontrol.framework.Plugin;
import dev.sluice.flowcontrol.framework.SaturationDetector;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** Makes the first object of plugins ahead of a change, so that the change itself cannot fail. */
final class PreparedPlugins {

  /** The plugin with an object to start with; {@code wanted} itself if it is the present one. */
  <T> Plugin<T> of(Plugin<T> wanted, @Nullable Plugin<T> present) {
    return wanted.equals(present) ? wanted : wanted.startingWith(wanted.create());
  }

  /** As {@link #of(Plugin, Plugin)}, with the detector's gate made too. */
  Plugin<SaturationDetector> detector(
      Plugin<SaturationDetector> wanted, @Nullable Plugin<SaturationDetector> present) {
    return wanted.equals(present) ? wanted : wanted.startingWith(withGate(wanted.create()));
  }

  /** The band with one object made of each of its plugins. The engine starts with these objects. */
  BandConfig of(BandConfig band) {
    return new BandConfig(
        band.limits(),
        band.timeToLive(),
        band.share(),
        band.promotion(),
        of(band.fairness(), null),
        of(band.ordering(), null),
        of(band.queue(), null));
  }

  private static SaturationDetector withGate(SaturationDetector detector) {
    var first = new AtomicReference<@Nullable CapacityGate>(detector.newGate());
    return new SaturationDetector() {
      @Override
      public CapacityGate newGate() {
        var given = first.getAndSet(null);
        return given == null ? detector.newGate() : given;
      }

      @Override
      public Duration staleAfter() {
        return detector.staleAfter();
      }
    };
  }
}
