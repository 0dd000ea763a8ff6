@NullMarked
package dev.sluice.flowcontrol.plugins;

import org.jspecify.annotations.NullMarked;
