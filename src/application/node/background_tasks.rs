//! What is done for somebody who has got the answer already, so that the time of the answer tells nothing about it.

use tokio_util::task::TaskTracker;

/// The background tasks that are under way.
pub struct BackgroundTasks {
    under_way: TaskTracker,
}

impl Default for BackgroundTasks {
    fn default() -> Self {
        let under_way = TaskTracker::new();
        // A closed tracker takes tasks all the same; closed, it can be waited for.
        under_way.close();
        Self { under_way }
    }
}

impl BackgroundTasks {
    /// Starts a task.
    pub fn run(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.under_way.spawn(task);
    }

    /// How many are under way.
    pub fn under_way(&self) -> usize {
        self.under_way.len()
    }

    /// Waits until none is under way.
    pub async fn done(&self) {
        self.under_way.wait().await;
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use futures::poll;
    use tokio::sync::oneshot;

    use super::*;

    #[tokio::test]
    async fn the_end_waits_for_every_task() {
        let background_tasks = BackgroundTasks::default();
        let (tell_one, one) = oneshot::channel::<()>();
        let (tell_two, two) = oneshot::channel::<()>();
        background_tasks.run(async { drop(one.await) });
        background_tasks.run(async { drop(two.await) });
        let mut done = pin!(background_tasks.done());
        assert!(poll!(done.as_mut()).is_pending());
        drop(tell_one);
        assert!(poll!(done.as_mut()).is_pending());
        assert!(background_tasks.under_way() > 0);
        drop(tell_two);
        done.await;
        assert_eq!(background_tasks.under_way(), 0);
    }

    #[tokio::test]
    async fn where_there_is_no_task_nobody_waits() {
        BackgroundTasks::default().done().await;
    }

    #[tokio::test]
    async fn a_task_that_goes_wrong_is_over_too() {
        let background_tasks = BackgroundTasks::default();
        background_tasks.run(async { panic!("the task went wrong") });
        background_tasks.done().await;
    }
}
