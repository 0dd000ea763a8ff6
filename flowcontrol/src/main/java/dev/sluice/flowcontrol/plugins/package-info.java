/** The table of the built-in plugin types; the plugins are in a package for each topic. */
@NullMarked
package dev.sluice.flowcontrol.plugins;

import org.jspecify.annotations.NullMarked;
