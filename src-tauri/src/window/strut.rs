//! Reserves a screen edge on X11, so that maximised neighbours stop at the toolbar
//! (Extended Window Manager Hints, `_NET_WM_STRUT_PARTIAL`).

use super::shape::Place;
use omnibar_contract::Edge;
use raw_window_handle::{HasWindowHandle, RawWindowHandle};
use tauri::WebviewWindow;
use x11rb::connection::Connection;
use x11rb::protocol::xproto::{AtomEnum, ConnectionExt, PropMode};
use x11rb::wrapper::ConnectionExt as _;

#[derive(Debug, thiserror::Error)]
pub(super) enum Fault {
    #[error("this window system has no way to reserve a screen edge")]
    NotX11,
    #[error("the X server did not follow: {0}")]
    X11(String),
}

fn x11(error: impl std::fmt::Display) -> Fault {
    Fault::X11(error.to_string())
}

/// `None` gives the edge back.
pub(super) fn reserve(window: &WebviewWindow, place: Option<Place>) -> Result<(), Fault> {
    let handle = window.window_handle().map_err(x11)?;
    let id = match handle.as_raw() {
        RawWindowHandle::Xlib(h) => u32::try_from(h.window).map_err(x11)?,
        RawWindowHandle::Xcb(h) => h.window.get(),
        _ => return Err(Fault::NotX11),
    };
    let (connection, screen) = x11rb::connect(None).map_err(x11)?;
    let root = &connection.setup().roots[screen];
    let size = (u32::from(root.width_in_pixels), u32::from(root.height_in_pixels));
    let atom = |name: &[u8]| {
        connection.intern_atom(false, name).map_err(x11)?.reply().map(|r| r.atom).map_err(x11)
    };
    let (partial, whole) = (atom(b"_NET_WM_STRUT_PARTIAL")?, atom(b"_NET_WM_STRUT")?);
    match place.map(|p| strut(p, size)) {
        Some(values) => {
            let set = |property, values: &[u32]| {
                connection
                    .change_property32(PropMode::REPLACE, id, property, AtomEnum::CARDINAL, values)
                    .map_err(x11)
            };
            set(partial, &values)?;
            set(whole, &values[..4])?;
        }
        None => {
            connection.delete_property(id, partial).map_err(x11)?;
            connection.delete_property(id, whole).map_err(x11)?;
        }
    }
    // A round trip: requests still buffered are lost when the connection is dropped.
    connection.get_input_focus().map_err(x11)?.reply().map_err(x11)?;
    Ok(())
}

/// left, right, top, bottom, then start and end of each, counted on the whole screen.
fn strut(place: Place, (width, height): (u32, u32)) -> [u32; 12] {
    let (x, y) = (place.x.max(0).unsigned_abs(), place.y.max(0).unsigned_abs());
    let (last_x, last_y) =
        ((x + place.width).saturating_sub(1), (y + place.height).saturating_sub(1));
    let mut s = [0; 12];
    match place.edge {
        Edge::Left => (s[0], s[4], s[5]) = (x + place.width, y, last_y),
        Edge::Right => (s[1], s[6], s[7]) = (width.saturating_sub(x), y, last_y),
        Edge::Top => (s[2], s[8], s[9]) = (y + place.height, x, last_x),
        Edge::Bottom => (s[3], s[10], s[11]) = (height.saturating_sub(y), x, last_x),
    }
    s
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_edge_reserves_its_own_side_only() {
        let place = Place { edge: Edge::Right, x: 905, y: 0, width: 375, height: 800 };
        assert_eq!(strut(place, (1280, 800)), [0, 375, 0, 0, 0, 0, 0, 799, 0, 0, 0, 0]);
        let place = Place { edge: Edge::Bottom, x: 0, y: 752, width: 1280, height: 48 };
        assert_eq!(strut(place, (1280, 800)), [0, 0, 0, 48, 0, 0, 0, 0, 0, 0, 0, 1279]);
    }

    #[test]
    fn a_second_screen_counts_from_the_whole() {
        let place = Place { edge: Edge::Left, x: 1280, y: 0, width: 375, height: 1024 };
        assert_eq!(strut(place, (2560, 1024))[0], 1655);
    }
}
