/** The built-in plugins, one small class each. */
@NullMarked
package dev.sluice.flowcontrol.plugins;

import org.jspecify.annotations.NullMarked;
