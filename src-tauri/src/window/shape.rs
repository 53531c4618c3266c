//! The window's three shapes: floating, panel, bar.

use omnibar_contract::{Dock, Edge, Shape};
use tauri::{LogicalSize, Monitor, PhysicalPosition, PhysicalSize, WebviewWindow};

/// Logical pixels.
const FLOATING: LogicalSize<f64> = LogicalSize::new(375.0, 667.0);
const PANEL_WIDTH: f64 = 375.0;
const BAR_HEIGHT: f64 = 48.0;

/// Where a docked window stands, in physical pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) edge: Edge,
    pub(super) x: i32,
    pub(super) y: i32,
    pub(super) width: u32,
    pub(super) height: u32,
}

pub(super) fn apply(window: &WebviewWindow, shape: Shape) -> tauri::Result<()> {
    let docked = match window.current_monitor()? {
        Some(monitor) => place(&monitor, shape),
        None => None,
    };
    window.set_visible_on_all_workspaces(docked.is_some())?;
    match docked {
        None => {
            window.set_resizable(true)?;
            window.set_size(FLOATING)?;
        }
        Some(place) => {
            window.set_size(PhysicalSize::new(place.width, place.height))?;
            window.set_position(PhysicalPosition::new(place.x, place.y))?;
        }
    }
    reserve(window, docked);
    Ok(())
}

fn place(monitor: &Monitor, shape: Shape) -> Option<Place> {
    let (at, size, scale) = (monitor.position(), monitor.size(), monitor.scale_factor());
    let (screen_width, screen_height) = (size.width, size.height);
    let (edge, width, height) = match (shape.dock, shape.edge) {
        (Dock::Floating, _) => return None,
        (Dock::Panel, Edge::Left) => (Edge::Left, physical(PANEL_WIDTH, scale), screen_height),
        (Dock::Panel, Edge::Right | Edge::Top | Edge::Bottom) => {
            (Edge::Right, physical(PANEL_WIDTH, scale), screen_height)
        }
        (Dock::Bar, Edge::Bottom) => (Edge::Bottom, screen_width, physical(BAR_HEIGHT, scale)),
        (Dock::Bar, Edge::Top | Edge::Left | Edge::Right) => {
            (Edge::Top, screen_width, physical(BAR_HEIGHT, scale))
        }
    };
    let (width, height) = (width.min(screen_width), height.min(screen_height));
    let x = if edge == Edge::Right { at.x + signed(screen_width - width) } else { at.x };
    let y = if edge == Edge::Bottom { at.y + signed(screen_height - height) } else { at.y };
    Some(Place { edge, x, y, width, height })
}

fn physical(logical: f64, scale: f64) -> u32 {
    LogicalSize::new(logical, logical).to_physical::<u32>(scale).width
}

fn signed(pixels: u32) -> i32 {
    i32::try_from(pixels).unwrap_or(i32::MAX)
}

#[cfg(target_os = "linux")]
fn reserve(window: &WebviewWindow, place: Option<Place>) {
    if let Err(error) = super::strut::reserve(window, place) {
        tracing::info!(%error, "the screen edge could not be reserved; other windows may cover it");
    }
}

/// Reserving a screen edge is done on X11 only: Windows would need an app bar, macOS
/// has nothing of the kind. The window stays on top there.
#[cfg(not(target_os = "linux"))]
fn reserve(_window: &WebviewWindow, _place: Option<Place>) {}
