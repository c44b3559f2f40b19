//! The parts of a running program. Each should run until the program ends. If one ends by itself, the program is
//! incomplete and should be restarted by its supervisor.

use tokio::task::JoinError;
use tokio_util::task::JoinMap;

/// Tasks, each with a name of its own that an operator understands.
#[derive(Default)]
pub struct Parts {
    tasks: JoinMap<&'static str, ()>,
}

impl Parts {
    pub fn start(&mut self, name: &'static str, part: impl Future<Output = ()> + Send + 'static) {
        self.tasks.spawn(name, part);
    }

    /// Waits until one of them ends, and returns its name.
    pub async fn one_ends(&mut self) -> &'static str {
        match self.tasks.join_next().await {
            Some((name, ended)) => named(name, ended),
            None => std::future::pending().await,
        }
    }

    /// Waits until all have ended.
    pub async fn all_end(&mut self) {
        while let Some((name, ended)) = self.tasks.join_next().await {
            named(name, ended);
        }
    }
}

fn named(name: &'static str, ended: Result<(), JoinError>) -> &'static str {
    if let Err(error) = ended {
        tracing::error!(%error, name, "a part of the program died");
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_part_that_ends_or_dies_is_named() {
        let mut parts = Parts::default();
        parts.start("clockwork", std::future::pending());
        parts.start("candle", async {});
        assert_eq!(parts.one_ends().await, "candle");
        parts.start("balloon", async { panic!("as a bug would") });
        assert_eq!(parts.one_ends().await, "balloon");
    }
}
