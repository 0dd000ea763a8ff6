package dev.sluice.flowcontrol.framework;

import java.util.List;

/**
 * A jar's list of plugin types, found through {@link java.util.ServiceLoader}. A jar on the class
 * path adds plugin types with one public class that implements this interface and is named in
 * {@code META-INF/services/dev.sluice.flowcontrol.framework.PluginSource}.
 */
public interface PluginSource {

  /** The types of this jar, the same on every call. */
  List<PluginType<?>> types();
}
