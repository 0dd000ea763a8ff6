/** Built-in saturation detectors. */
@NullMarked
package dev.sluice.flowcontrol.plugins.detectors;

import org.jspecify.annotations.NullMarked;
