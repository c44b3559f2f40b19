//! The parts of a running program. Each should run until the program ends. If one ends by itself, the program is
//! incomplete and should be restarted by its supervisor.

use std::collections::HashMap;

use tokio::task::{Id, JoinError, JoinSet};

/// Tasks with names that an operator understands.
#[derive(Default)]
pub struct Parts {
    tasks: JoinSet<()>,
    names: HashMap<Id, &'static str>,
}

impl Parts {
    pub fn start(&mut self, name: &'static str, part: impl Future<Output = ()> + Send + 'static) {
        let id = self.tasks.spawn(part).id();
        self.names.insert(id, name);
    }

    /// Waits until one of them ends, and returns its name.
    pub async fn one_ends(&mut self) -> &'static str {
        match self.tasks.join_next_with_id().await {
            Some(ended) => self.name(ended),
            None => std::future::pending().await,
        }
    }

    /// Waits until all have ended.
    pub async fn all_end(&mut self) {
        while let Some(ended) = self.tasks.join_next_with_id().await {
            self.name(ended);
        }
    }

    fn name(&self, ended: Result<(Id, ()), JoinError>) -> &'static str {
        let id = match &ended {
            Ok((id, ())) => *id,
            Err(error) => error.id(),
        };
        let name = self.names.get(&id).copied().unwrap_or("part without a name");
        if let Err(error) = ended {
            tracing::error!(%error, name, "a part of the program died");
        }
        name
    }
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
