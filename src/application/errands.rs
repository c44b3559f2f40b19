//! What is done for somebody who has got the answer already, so that the time of the answer tells nothing about it.

use tokio::sync::watch;

/// The errands that are under way.
pub struct Errands {
    under_way: watch::Sender<usize>,
}

impl Default for Errands {
    fn default() -> Self {
        Self {
            under_way: watch::Sender::new(0),
        }
    }
}

impl Errands {
    /// Sends somebody on an errand.
    pub fn run(&self, errand: impl Future<Output = ()> + Send + 'static) {
        let under_way = UnderWay::one_more(&self.under_way);
        tokio::spawn(async move {
            errand.await;
            drop(under_way);
        });
    }

    /// How many are under way.
    pub fn under_way(&self) -> usize {
        *self.under_way.borrow()
    }

    /// Waits until none is under way.
    pub async fn done(&self) {
        // The sender is ours, so that this ends with the last errand and not before.
        let _ = self.under_way.subscribe().wait_for(|many| *many == 0).await;
    }
}

/// Counts as long as it lives, so that an errand that panics is over as well.
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
    async fn the_end_waits_for_every_errand() {
        let errands = Errands::default();
        let (tell_one, one) = oneshot::channel::<()>();
        let (tell_two, two) = oneshot::channel::<()>();
        errands.run(async { drop(one.await) });
        errands.run(async { drop(two.await) });
        let mut done = pin!(errands.done());
        assert!(poll!(done.as_mut()).is_pending());
        drop(tell_one);
        assert!(poll!(done.as_mut()).is_pending());
        assert!(errands.under_way() > 0);
        drop(tell_two);
        done.await;
        assert_eq!(errands.under_way(), 0);
    }

    #[tokio::test]
    async fn where_there_is_no_errand_nobody_waits() {
        Errands::default().done().await;
    }

    #[tokio::test]
    async fn an_errand_that_goes_wrong_is_over_too() {
        let errands = Errands::default();
        errands.run(async { panic!("the errand went wrong") });
        errands.done().await;
    }
}
