//! What is done for somebody who has got the answer already, so that the time of the answer tells nothing about it.

use tokio::sync::watch;

/// The background tasks that are under way.
pub struct BackgroundTasks {
    under_way: watch::Sender<usize>,
}

impl Default for BackgroundTasks {
    fn default() -> Self {
        Self {
            under_way: watch::Sender::new(0),
        }
    }
}

impl BackgroundTasks {
    /// Sends somebody on an background task.
    pub fn run(&self, task: impl Future<Output = ()> + Send + 'static) {
        let under_way = UnderWay::one_more(&self.under_way);
        tokio::spawn(async move {
            task.await;
            drop(under_way);
        });
    }

    /// How many are under way.
    pub fn under_way(&self) -> usize {
        *self.under_way.borrow()
    }

    /// Waits until none is under way.
    pub async fn done(&self) {
        // The sender is ours, so that this ends with the last background task and not before.
        let _ = self.under_way.subscribe().wait_for(|many| *many == 0).await;
    }
}

/// Counts as long as it lives, so that an background task that panics is over as well.
struct UnderWay(watch::Sender<usize>);

impl UnderWay {
    fn one_more(counter: &watch::Sender<usize>) -> Self {
        counter.send_modify(|many| *many += 1);
        Self(counter.clone())
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.send_modify(|many| *many -= 1);
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
    async fn an_task_that_goes_wrong_is_over_too() {
        let background_tasks = BackgroundTasks::default();
        background_tasks.run(async { panic!("the errand went wrong") });
        background_tasks.done().await;
    }
}
