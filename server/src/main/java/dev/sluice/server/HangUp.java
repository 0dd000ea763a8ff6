package dev.sluice.server;

import java.lang.reflect.Proxy;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The signal SIGHUP, which a terminal sends when it closes, and a tool to make a service read its
 * configuration again. The JVM would end at once. Sluice notes the signal and goes on.
 */
final class HangUp {
  private static final Logger LOG = LoggerFactory.getLogger(HangUp.class);

  private HangUp() {}

  /**
   * Ignores the signal from now on. The class that handles signals is in every OpenJDK, but the
   * compiler warns of it, so it is looked up.
   */
  static void ignore() {
    try {
      var signal = Class.forName("sun.misc.Signal");
      var handler = Class.forName("sun.misc.SignalHandler");
      var note =
          Proxy.newProxyInstance(
              HangUp.class.getClassLoader(),
              new Class<?>[] {handler},
              (proxy, method, arguments) -> {
                LOG.info(
                    "SIGHUP is ignored. The configuration is read at the start only; SIGTERM stops"
                        + " Sluice.");
                return null;
              });
      signal
          .getMethod("handle", signal, handler)
          .invoke(null, signal.getConstructor(String.class).newInstance("HUP"), note);
    } catch (ReflectiveOperationException e) {
      LOG.debug("SIGHUP cannot be ignored on this platform, and ends the process", e);
    }
  }
}
